import { failures } from '../../../../lib/failure.ts';
import { type Facts, isAttempt, type Wrote } from '../schedule-facts.ts';

const follows = ({ before, item }: Wrote): boolean =>
  before ? typeof item.version === 'number' && item.version === Number(before.version) + 1 : (item.version ?? 1) === 1;

/** Errors of StartExecution are Step Functions' own; Lambda's retry does not mind. */
const named = new Set([...Object.keys(failures), 'ThrottlingException', 'TimeoutError']);

/**
 * 5. Every write has a condition and is the first of its place or the next version of what it replaced; who loses a race
 * says so by name, and does not go on: who asks the model has won its attempt's claim in this invocation.
 */
export const conditional = ({ wrote, of }: Facts): string[] => {
  const claims = wrote.filter(isAttempt);
  return [
    ...wrote
      .filter(({ condition }) => !condition)
      .map(({ actor, place }) => `${actor} wrote ${place} under no condition`),
    ...wrote
      .filter((write) => !follows(write))
      .map(({ actor, place, before, item }) => {
        return `${actor} wrote version ${item.version} of ${place} over version ${before?.version}`;
      }),
    ...of('ended')
      .filter(({ how, told }) => how === 'threw' && !named.has(String(told)))
      .map(({ actor, told }) => `${actor} threw ${told}, which is no failure with a name`),
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
