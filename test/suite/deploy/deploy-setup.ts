import { install } from '../engines/install-engines.ts';

/** Before all suites here: what they need is installed. */
export default (): Promise<void> => install();
