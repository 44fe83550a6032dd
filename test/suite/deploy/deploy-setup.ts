import { install } from '../engines/install-engines.ts';

/** Installs the engines before the deploy suite. */
export default (): Promise<void> => install();
