import { inspect } from 'node:util';
import fc from 'fast-check';
import { Failure, failures } from '../../../lib/failure.ts';

/** How a case ended: `accepted`, or the name it was refused by. */
type Verdict = string;

/** One way into the product: what comes in, and a judge that throws where a case is neither accepted nor refused by name. */
type Definition<Case> = {
  cases: fc.Arbitrary<Case>;
  judge(one: Case): Promise<Verdict> | Verdict;
  close?(): Promise<void>;
};

/** Told of each case when it begins, and how it ended. */
type Watch = { begun(): void; ended(verdict: Verdict): void };

/** A boundary, ready to be run. */
export type Boundary = {
  check(watch: Watch, parameters: fc.Parameters<unknown>): Promise<Checked>;
  close(): Promise<void>;
};

/** What became of a boundary's cases: nothing worth telling, or the smallest case that breaks the promise and its place. */
export type Checked = { failure?: string; path?: string };

/** How many smaller cases are tried once one has failed. What is left untried counts as held. */
const shrinks = 400;

const told = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);

/** Ties a boundary's cases to their judge. */
export const boundary = <Case>({ cases, judge, close = async () => {} }: Definition<Case>): Boundary => ({
  async check({ begun, ended }, parameters) {
    let left = Number.POSITIVE_INFINITY;
    const property = fc.asyncProperty(cases, async (one) => {
      begun();
      left -= 1;
      if (left < 0) return;
      try {
        const verdict = await judge(one);
        if (left === Number.POSITIVE_INFINITY) ended(verdict);
      } catch (thrown) {
        left = Math.min(left, shrinks);
        throw thrown;
      }
    });
    const details = await fc.check(property, parameters as fc.Parameters<[Case]>);
    if (!details.failed) return {};
    const failure = `${told(details.errorInstance)}\n${fc.defaultReportMessage(details)}`;
    return { failure, path: details.counterexamplePath ?? '' };
  },
  close,
});

/** Says why a case breaks the promise; fast-check shows the case itself. */
export const broken = (what: string, found?: unknown): never => {
  throw new Error(found === undefined ? what : `${what}: ${inspect(found, { depth: 6, maxStringLength: 2000 })}`);
};

/** The name of a refusal. Whatever is not one of the product's own failures breaks the promise. */
const refusedBy = (thrown: unknown): Verdict => {
  if (!(thrown instanceof Failure)) return broken('refused without a name', thrown);
  if (!Object.hasOwn(failures, thrown.name)) return broken('refused by a name that is not in the table', thrown);
  if (thrown.message.trim() === '') return broken('refused without a word', thrown);
  return thrown.name;
};

/** How the work ended: its value, or the name it was refused by. */
export const ending = async <T>(
  work: () => Promise<T> | T,
): Promise<{ value: T } | { refused: Verdict; failure: Failure }> => {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { refused: refusedBy(thrown), failure: thrown as Failure };
  }
};
