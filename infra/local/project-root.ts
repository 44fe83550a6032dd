import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest directory, from `dir` upwards, that holds `serverless.yml`. */
const rootAbove = (dir: string): string => {
  const parent = dirname(dir);
  return parent === dir || existsSync(join(dir, 'serverless.yml')) ? dir : rootAbove(parent);
};

/** The root of this project. Source files and bundles lie at different depths below it. */
export const projectRoot = rootAbove(import.meta.dirname);
