import type { Place } from './place.ts';

/** A path as a shell takes it. */
const shellWord = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** A command to type next, for the same place: `npm run nightshift -- show <run> --stage prod`. */
export const hint = (words: string, { stage, region, data }: Place, usualData: string): string => {
  const at = stage === undefined ? [] : [`--stage ${stage}`, ...(region ? [`--region ${region}`] : [])];
  const where = stage === undefined && data !== usualData ? [`--data ${shellWord(data)}`] : at;
  return ['npm run nightshift --', words, ...where].join(' ');
};
