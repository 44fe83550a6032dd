import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unusableDirectory } from '../../local/daemon/data-directory.ts';

/** Where a command works: a deployed stage, or the local service on its data directory. */
export type Target = { stage?: string; region?: string; data: string };

/** The Region of a deployed stage: the one `serverless.yml` would deploy it to. */
export const regionOf = ({ region }: Target): string => region ?? process.env.AWS_REGION ?? 'eu-west-1';

/** Whether nothing was ever remembered here: asking would only create an empty table. Throws StoreUnavailable where that cannot be told. */
export const isBlank = ({ stage, data }: Target): boolean => {
  if (stage !== undefined) return false;
  try {
    statSync(join(resolve(data), 'table.ready'));
    return false;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return true;
    throw unusableDirectory(data, thrown);
  }
};

/** A path as a shell takes it. */
const shellWord = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** A command to type next, for the same place: `npx nightshift show <run> --stage prod`. */
export const hint = (words: string, { stage, region, data }: Target, usualData: string): string => {
  const at = stage === undefined ? [] : [`--stage ${stage}`, ...(region ? [`--region ${region}`] : [])];
  const where = stage === undefined && data !== usualData ? [`--data ${shellWord(data)}`] : at;
  return ['npx nightshift', words, ...where].join(' ');
};
