import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unusableDirectory } from '../../local/daemon/data-directory.ts';

/** What a command works on: a deployed stage, or the local service of a data directory. */
export type Target = { stage?: string; region?: string; data: string };

/** The Region of a deployed stage, by the same default as in `serverless.yml`. */
export const regionOf = ({ region }: Target): string => region ?? process.env.AWS_REGION ?? 'eu-west-1';

/** Whether a local data directory holds no table yet. Throws StoreUnavailable where the directory cannot be read. */
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

/** A path, quoted for a shell where it has to be. */
const shellWord = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** A command to type next, for the same target: `npx nightshift show <run> --stage prod`. */
export const hint = (words: string, { stage, region, data }: Target, usualData: string): string => {
  const deployed = stage === undefined ? [] : [`--stage ${stage}`, ...(region ? [`--region ${region}`] : [])];
  const options = stage === undefined && data !== usualData ? [`--data ${shellWord(data)}`] : deployed;
  return ['npx nightshift', words, ...options].join(' ');
};
