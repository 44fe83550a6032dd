/** A seeded generator of numbers from 0 to 1 (mulberry32). */
export const generator = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Lines with nothing to mutate: blank, comments, imports, types and lone brackets. */
const empty = /^\s*($|\/\/|\/?\*|import\b|export type\b|type\b|[\])}>;,]+\s*;?$)/;

/** A share of the lines of a text, chosen by `random`, as ranges of Stryker: `lib/a.ts:3-3`. */
export const sampledLines = (file: string, text: string, share: number, random: () => number): string[] =>
  text
    .split('\n')
    .flatMap((line, at) => (!empty.test(line) && random() < share ? [`${file}:${at + 1}-${at + 1}`] : []));
