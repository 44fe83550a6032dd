import type { TestProject } from 'vitest/node';
import packaged from '../../kit/packaged.ts';
import { install } from './install-engines.ts';

/** Installs the engines and bundles the functions before the engine suites. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  await install();
  return packaged(project);
};
