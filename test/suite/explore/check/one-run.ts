import type { Facts } from '../schedule-facts.ts';
import { counted } from './count-each.ts';

/** 1. However often and in whatever order a slot is delivered: one run item, one execution, one that says it started it. */
export const oneRun = ({ slots, runs, of, decisions, play }: Facts): string[] => {
  const started = of('started').map(({ run }) => run);
  const saidStarted = of('ended').flatMap(({ actor, how, told }) => {
    if (!actor.startsWith('dispatch') || how !== 'returned') return [];
    const { status, run } = JSON.parse(String(told));
    return status === 'started' ? [run] : [];
  });
  const recorded = of('told').flatMap(({ what, detail }) => (what === 'recorded' ? [String(detail)] : []));
  const skipped = runs.flatMap(({ id, outcome }) => (outcome?.status === 'skipped' ? [id] : []));
  return [
    ...runs.filter(({ id }) => !slots.includes(id)).map(({ id }) => `${id} is the run of no slot that was delivered`),
    ...slots.filter((id) => !runs.some((run) => run.id === id)).map((id) => `the slot of ${id} has no run`),
    ...counted(started).flatMap(([run, count]) => (count > 1 ? [`${run} has ${count} executions`] : [])),
    ...started.filter((run) => !slots.includes(run)).map((run) => `execution ${run} belongs to no slot`),
    ...started.filter((run) => skipped.includes(run)).map((run) => `${run} is skipped and was started`),
    ...counted(saidStarted).flatMap(([run, count]) =>
      count > 1 ? [`${count} dispatches say they started ${run}`] : [],
    ),
    ...counted(recorded).flatMap(([run, count]) => (count > 1 ? [`${run} was told of as new ${count} times`] : [])),
    ...(decisions.length === 0 && runs.length !== play.usual.length
      ? [`${play.usual.length} slots have ${runs.length} runs`]
      : []),
  ];
};
