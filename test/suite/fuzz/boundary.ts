import { inspect } from 'node:util';
import fc from 'fast-check';
import { Failure, failures } from '../../../lib/failure.ts';

/** The verdict on a case: `accepted`, or the failure name of its refusal. */
type Verdict = string;

/** An input of the product. `judge` throws for a case that is neither accepted nor refused by name. */
type Definition<Case> = {
  cases: fc.Arbitrary<Case>;
  judge(given: Case): Promise<Verdict> | Verdict;
  close?(): Promise<void>;
};

/** Called when a case begins and with its verdict. */
type Watch = { begun(): void; ended(verdict: Verdict): void };

/** A boundary that is ready to run. */
export type Boundary = {
  check(watch: Watch, parameters: fc.Parameters<unknown>): Promise<Checked>;
  close(): Promise<void>;
};

/** The result of a boundary: empty, or the smallest case that breaks the promise and its fast-check path. */
export type Checked = { failure?: string; path?: string };

/** The number of smaller cases tried after a failure. Cases after that count as held. */
const shrinks = 400;

const textOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);

/** Makes a boundary of its cases and their judge. */
export const boundary = <Case>({ cases, judge, close = async () => {} }: Definition<Case>): Boundary => ({
  async check({ begun, ended }, parameters) {
    let left = Number.POSITIVE_INFINITY;
    const property = fc.asyncProperty(cases, async (given) => {
      begun();
      left -= 1;
      if (left < 0) return;
      try {
        const verdict = await judge(given);
        if (left === Number.POSITIVE_INFINITY) ended(verdict);
      } catch (thrown) {
        left = Math.min(left, shrinks);
        throw thrown;
      }
    });
    const details = await fc.check(property, parameters as fc.Parameters<[Case]>);
    if (!details.failed) return {};
    const failure = `${textOf(details.errorInstance)}\n${fc.defaultReportMessage(details)}`;
    return { failure, path: details.counterexamplePath ?? '' };
  },
  close,
});

/** Throws the reason why a case breaks the promise. fast-check adds the case itself. */
export const broken = (what: string, found?: unknown): never => {
  throw new Error(found === undefined ? what : `${what}: ${inspect(found, { depth: 6, maxStringLength: 2000 })}`);
};

/** The failure name of a refusal. Any other error breaks the promise. */
const refusedBy = (thrown: unknown): Verdict => {
  if (!(thrown instanceof Failure)) return broken('the product threw an error that is not a Failure', thrown);
  if (!Object.hasOwn(failures, thrown.name))
    return broken('the product threw a failure name that is not in the failure table', thrown);
  if (thrown.message.trim() === '') return broken('the product threw a failure without a message', thrown);
  return thrown.name;
};

/** The result of the work: its value, or the failure name of its refusal. */
export const ending = async <T>(
  work: () => Promise<T> | T,
): Promise<{ value: T } | { refused: Verdict; failure: Failure }> => {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { refused: refusedBy(thrown), failure: thrown as Failure };
  }
};
