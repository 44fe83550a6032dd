import type { TestProject } from 'vitest/node';
import packaged from '../../kit/packaged.ts';
import { install } from './install-engines.ts';

/** Before all engine suites: what they need is installed, and the functions are bundled as they are deployed. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  await install();
  return packaged(project);
};
