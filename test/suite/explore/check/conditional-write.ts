import { failures } from '../../../../lib/failure.ts';
import { type Facts, isAttempt, type Wrote } from '../schedule-facts.ts';

const follows = ({ before, item }: Wrote): boolean =>
  before ? typeof item.version === 'number' && item.version === Number(before.version) + 1 : (item.version ?? 1) === 1;

/** Named errors: the product's failures, and errors of the SDK, after which Lambda invokes again. */
const named = new Set([...Object.keys(failures), 'ThrottlingException', 'TimeoutError']);

/**
 * 5. Every write has a condition and creates an item or replaces the version before it. A lost race is a named failure, and only
 * an invocation that has claimed its attempt asks the model.
 */
export const conditional = ({ wrote, of }: Facts): string[] => {
  const claims = wrote.filter(isAttempt);
  return [
    ...wrote
      .filter(({ condition }) => !condition)
      .map(({ actor, place }) => `${actor} wrote ${place} without a condition`),
    ...wrote
      .filter((write) => !follows(write))
      .map(({ actor, place, before, item }) => {
        return `${actor} wrote version ${item.version} of ${place} over version ${before?.version}`;
      }),
    ...of('ended')
      .filter(({ how, result }) => how === 'threw' && !named.has(String(result)))
      .map(({ actor, result }) => `${actor} threw ${result}, which is not a named failure`),
    ...of('asked')
      .filter(
        ({ actor, runId, attempt, order }) =>
          !claims.some(
            (claim) =>
              claim.actor === actor &&
              claim.order < order &&
              Number(claim.item.sk.slice(-3)) === attempt &&
              claim.item.pk.endsWith(runId),
          ),
      )
      .map(({ actor, attempt }) => `${actor} asked the model for attempt ${attempt}, which it has not claimed`),
  ];
};
