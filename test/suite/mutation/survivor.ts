import * as z from 'zod';

/** The part of Stryker's report that this suite reads: the mutation-testing report schema, 2.0. */
const Place = z.object({ line: z.int(), column: z.int() });
const Mutant = z.object({
  mutatorName: z.string(),
  replacement: z.string().default(''),
  status: z.string(),
  static: z.boolean().optional(),
  location: z.object({ start: Place, end: Place }),
});
export const Report = z.object({
  files: z.record(z.string(), z.object({ source: z.string(), mutants: z.array(Mutant) })),
});
export type Report = z.infer<typeof Report>;

/** A changed place of the code by its texts, which stay the same when lines move. */
export type Change = { file: string; was: string; becomes: string };

const textAt = (source: string, { start, end }: z.infer<typeof Mutant>['location']): string => {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, at) => line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined))
    .join('\n');
};

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** Mutants that were tried, and those that no test saw. One that acts while a module is loaded is not tried: nothing tells which test loads it. */
export const triedMutants = ({ files }: Report): { tried: number; survived: (Change & { line: number })[] } => {
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(
        (mutant) => !mutant.static && !['Ignored', 'CompileError', 'RuntimeError', 'Pending'].includes(mutant.status),
      )
      .map((mutant) => ({
        file,
        line: mutant.location.start.line,
        was: flat(textAt(source, mutant.location)),
        becomes: flat(mutant.replacement),
        isSeen: mutant.status === 'Killed' || mutant.status === 'Timeout',
      })),
  );
  const survived = all.filter(({ isSeen }) => !isSeen).map(({ isSeen: _, ...change }) => change);
  return { tried: all.length, survived };
};

export const sameChange = (one: Change, other: Change): boolean =>
  one.file === other.file && one.was === other.was && one.becomes === other.becomes;
