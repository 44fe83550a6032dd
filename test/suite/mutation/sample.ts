/** Lines with nothing to mutate: blank, comments, imports, types and lone brackets. */
const empty = /^\s*($|\/\/|\/?\*|import\b|export type\b|type\b|[\])}>;,]+\s*;?$)/;

/** A share of the lines of a text, chosen by `random`, as ranges of Stryker: `lib/a.ts:3-3`. */
export const sampledLines = (file: string, text: string, share: number, random: () => number): string[] =>
  text
    .split('\n')
    .flatMap((line, at) => (!empty.test(line) && random() < share ? [`${file}:${at + 1}-${at + 1}`] : []));
