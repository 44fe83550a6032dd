import type { Facts } from '../schedule-facts.ts';
import { countEach } from './count-each.ts';

/** 1. However often a slot is delivered, it has one run item, one execution and one dispatch that returns `started`. */
export const oneRun = ({ slots, runs, of, decisions, play }: Facts): string[] => {
  const started = of('started').map(({ run }) => run);
  const reportedStarts = of('ended').flatMap(({ actor, how, result }) => {
    if (!actor.startsWith('dispatch') || how !== 'returned') return [];
    const { status, run } = JSON.parse(String(result));
    return status === 'started' ? [run] : [];
  });
  const recorded = of('observed').flatMap(({ what, detail }) => (what === 'recorded' ? [String(detail)] : []));
  const skipped = runs.flatMap(({ id, outcome }) => (outcome?.status === 'skipped' ? [id] : []));
  return [
    ...runs.filter(({ id }) => !slots.includes(id)).map(({ id }) => `${id} is the run of a slot that was not due`),
    ...slots.filter((id) => !runs.some((run) => run.id === id)).map((id) => `the slot of ${id} has no run`),
    ...countEach(started).flatMap(([run, count]) => (count > 1 ? [`${run} has ${count} executions`] : [])),
    ...started.filter((run) => !slots.includes(run)).map((run) => `execution ${run} belongs to no slot`),
    ...started.filter((run) => skipped.includes(run)).map((run) => `${run} was skipped and started`),
    ...countEach(reportedStarts).flatMap(([run, count]) =>
      count > 1 ? [`${count} dispatches report that they started ${run}`] : [],
    ),
    ...countEach(recorded).flatMap(([run, count]) =>
      count > 1 ? [`${run} was reported as recorded ${count} times`] : [],
    ),
    ...(decisions.length === 0 && runs.length !== play.usual.length
      ? [`${play.usual.length} slots have ${runs.length} runs`]
      : []),
  ];
};
