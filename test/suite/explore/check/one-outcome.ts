import { isDeepStrictEqual } from 'node:util';
import type { Run } from '../../../../lib/run/run.ts';
import { type Facts, isRun } from '../schedule-facts.ts';
import { countEach } from './count-each.ts';

/** 2. A run's outcome is written and reported once, and every later settle returns the same outcome. */
export const oneOutcome = ({ wrote, of, runs }: Facts): string[] => {
  const outcomes = wrote
    .filter(isRun)
    .map(({ item }) => JSON.parse(String(item.data)) as Run)
    .filter(({ outcome }) => outcome !== null);
  const settled = of('observed').flatMap(({ what, detail }) => (what === 'settled' ? [String(detail)] : []));
  const isStored = (result: unknown) =>
    runs.some(({ outcome }) => isDeepStrictEqual(outcome, JSON.parse(String(result))));
  const given = of('ended').filter(({ actor, how }) => actor.startsWith('settle') && how === 'returned');
  const untrue = of('closed').filter(
    ({ run, status }) => status === 'SUCCEEDED' && runs.find(({ id }) => id === run)?.outcome?.status !== 'succeeded',
  );
  return [
    ...untrue.map(({ run }) => `the execution of ${run} succeeded, and its outcome is another`),
    ...countEach(outcomes.map(({ id }) => id)).flatMap(([run, count]) =>
      count > 1 ? [`${run} was given an outcome ${count} times`] : [],
    ),
    ...countEach(settled).flatMap(([run, count]) =>
      count > 1 ? [`${run} was reported as settled ${count} times`] : [],
    ),
    ...given
      .filter(({ result }) => !isStored(result))
      .map(({ actor, result }) => `${actor} returned an outcome that is not stored: ${result}`),
  ];
};
