import type { Facts, Stated } from '../schedule-facts.ts';
import { entering, leaving, spared } from './job-accounts.ts';

type Limits = { perDay?: { runs?: number; usd?: number } };

/** The number of runs that were counted before a write. */
const madeBefore = (write: Stated, facts: Facts): number =>
  facts.states
    .filter(({ order }) => order < write.order)
    .reduce((sum, each) => sum + entering(each).length - spared(leaving(each, facts)).length, 0);

/** The cost of a job before a write, with the runs whose leases the write removes. */
const costBefore = (write: Stated, facts: Facts): number =>
  facts.states
    .filter(({ order }) => order <= write.order)
    .flatMap((each) => leaving(each, facts))
    .reduce((sum, { outcome }) => sum + (outcome?.usage.usd ?? 0), 0);

/** Why a run may not start in a write, apart from other runs. */
const heldBack = (write: Stated, run: string, facts: Facts): string[] => {
  const { was, is, at } = write;
  const { perDay } = (facts.play.job.limits ?? {}) as Limits;
  const paused = was.pauses.some(({ until }) => until === null);
  const early = was.breaker && (was.breaker.probe !== null || Date.parse(was.breaker.until) > at);
  const unproven = is.breaker && is.breaker.probe !== run;
  const [runs, usd] = [madeBefore(write, facts), costBefore(write, facts)];
  return [
    ...(paused ? ['the job is paused'] : []),
    ...(early || unproven ? ['the breaker is open'] : []),
    ...(perDay?.runs !== undefined && runs >= perDay.runs ? [`the day has had ${runs} runs`] : []),
    ...(perDay?.usd !== undefined && usd >= perDay.usd ? [`the day has cost ${usd}`] : []),
  ];
};

/** A run gets a lease only while its job is not paused, not broken, within its budget and not held by another run. */
const places = (facts: Facts): string[] =>
  facts.states.flatMap((write) =>
    entering(write).flatMap(({ run }) => {
      const others = write.is.open.filter((lease) => lease.run !== run && lease.holds);
      const isHeld = facts.play.job.overlap !== 'allow' && others.some(({ until }) => Date.parse(until) > write.at);
      const why = [...heldBack(write, run, facts), ...(isHeld ? [`${others[0]?.run} holds the job`] : [])];
      return why.map((text) => `${write.actor} admitted ${run} although ${text}`);
    }),
  );

/** A run works only after it got its lease, and only while no earlier run holds the job. */
const work = (facts: Facts): string[] => {
  const { of, wrote, states, outcomeAt, play } = facts;
  const came = new Map<string, { order: number; until: string }>();
  for (const write of states)
    for (const { run, until } of entering(write)) came.set(run, { order: write.order, until });
  const steps = wrote.flatMap(({ item, order, actor, at }) => {
    const run = /^session#(.+)[/]a/.exec(item.pk)?.[1];
    return run ? [{ run, order, actor, at, what: 'committed a step' }] : [];
  });
  const acts = of('acted').map(({ runId, order, actor, at, tool }) => ({ run: runId, order, actor, at, what: tool }));
  return [...acts, ...steps].flatMap(({ run, order, actor, at, what }) => {
    const mine = came.get(run);
    if (!mine || mine.order > order) return [`${actor}: ${what} for ${run}, which never got a lease`];
    const before = [...came].filter(
      ([other, { order: theirs, until }]) =>
        theirs < mine.order && other !== run && !outcomeAt(other, order) && Date.parse(until) > at,
    );
    return play.job.overlap === 'allow'
      ? []
      : before.map(([other]) => `${actor}: ${what} for ${run} while ${other} holds the job`);
  });
};

/** A run starts only when its job's policy admits it, and works only while no earlier run holds the job. */
export const letIn = (facts: Facts): string[] => [...places(facts), ...work(facts)];
