import { isDeepStrictEqual } from 'node:util';
import type { Run } from '../../../../lib/run/run.ts';
import { type Facts, isRun } from '../schedule-facts.ts';
import { counted } from './count-each.ts';

/** 2. A run's outcome is written once, told once, and whoever asks to settle it again is given that one. */
export const oneOutcome = ({ wrote, of, runs }: Facts): string[] => {
  const outcomes = wrote
    .filter(isRun)
    .map(({ item }) => JSON.parse(String(item.data)) as Run)
    .filter(({ outcome }) => outcome !== null);
  const settled = of('told').flatMap(({ what, detail }) => (what === 'settled' ? [String(detail)] : []));
  const stands = (told: unknown) => runs.some(({ outcome }) => isDeepStrictEqual(outcome, JSON.parse(String(told))));
  const given = of('ended').filter(({ actor, how }) => actor.startsWith('settle') && how === 'returned');
  const untrue = of('closed').filter(
    ({ run, status }) => status === 'SUCCEEDED' && runs.find(({ id }) => id === run)?.outcome?.status !== 'succeeded',
  );
  return [
    ...untrue.map(({ run }) => `the execution of ${run} succeeded, and its outcome does not say so`),
    ...counted(outcomes.map(({ id }) => id)).flatMap(([run, count]) =>
      count > 1 ? [`${run} was given an outcome ${count} times`] : [],
    ),
    ...counted(settled).flatMap(([run, count]) => (count > 1 ? [`${run} was told of as settled ${count} times`] : [])),
    ...given
      .filter(({ told }) => !stands(told))
      .map(({ actor, told }) => `${actor} answered with an outcome that does not stand: ${told}`),
  ];
};
