import { DAY, HOUR, MINUTE } from '../../kit/calendar-oracle.ts';
import { type Random, random } from '../../kit/random.ts';
import { slotsOf } from './due-slots.ts';
import { type Verdict, verdict } from './verdict.ts';
import { type Plan, planOf } from './year-plan.ts';
import { openWorld, type Tally } from './year-service.ts';

export type Played = {
  seed: number;
  days: number;
  jobs: number;
  verdict: Verdict;
  tally: Tally;
  executions: Record<string, number>;
  storeCalls: number;
  seconds: number;
};

/** Hours between two invocations of the watchman. Its real interval of five minutes would take too long for a year. */
const watchEveryHours = 12;

/** When the watchman is invoked: regularly, soon after each deployment, and at random. */
const watchesOf = ({ eras, span: { from, to } }: Plan, end: number, chance: Random): number[] => [
  ...Array.from(
    { length: Math.floor((end - from) / (watchEveryHours * HOUR)) },
    (_, at) => from + (1 + at * watchEveryHours) * HOUR,
  ),
  ...[...eras.values()].flat().map(({ deployedAt }) => deployedAt + chance.between(1, 5) * MINUTE),
  ...Array.from({ length: Math.floor((to - from) / (2 * DAY)) }, () => chance.between(from, to)),
];

/** Plays a year of the real lifecycle on a real store engine in virtual time. `watched: false` leaves out the watchman. */
export const playYear = async (
  { seed, days, jobs, watched = true }: { seed: number; days: number; jobs: number; watched?: boolean },
  say: (line: string) => void = () => {},
): Promise<Played> => {
  const began = performance.now();
  const chance = random(seed);
  const plan = planOf(days, jobs, chance);
  const due = slotsOf(plan);
  const world = await openWorld(plan, chance);
  const { from, to } = plan.span;
  // Days after the last slot the watchman ends hanging runs and starts queued ones.
  const end = to + 4 * DAY;
  for (const [era, met] of due) for (const one of met) if (one.fires) world.fire(era, one);
  for (const at of watchesOf(plan, end, chance)) if (watched) world.clock.add(at, world.wakeWatchman);
  world.planOperators();
  for (let day = 1; from + day * DAY <= end; day++) {
    await world.clock.until(from + day * DAY);
    if (day % 30 === 0) say(`year: day ${day}, ${world.calls()} store calls`);
  }
  const found = await verdict(plan, due, world);
  const { tally, sfn, calls } = world;
  const seconds = (performance.now() - began) / 1000;
  return { seed, days, jobs, verdict: found, tally, executions: { ...sfn.counts }, storeCalls: calls(), seconds };
};

export const isGood = ({ verdict: { expected, recorded, missing, surplus, wrong } }: Played): boolean =>
  expected > 0 && recorded === expected && missing.length + surplus.length + wrong.length === 0;

const listed = (title: string, counts: Record<string, number>): string[] => [
  '',
  title,
  ...Object.entries(counts)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, count]) => `  ${what.padEnd(34)}${String(count).padStart(8)}`),
];

const most = 20;

/** The result of a year as lines of text. */
export const lines = (played: Played): string[] => {
  const { seed, days, jobs, verdict: found, tally, storeCalls, seconds } = played;
  const { expected, recorded, missing, surplus, wrong } = found;
  const bad = [
    ...missing.map((slot) => `due slot without an outcome: ${slot}`),
    ...surplus.map((run) => `run of a slot that was not due: ${run}`),
    ...wrong,
  ];
  return [
    `${days} days of ${jobs} jobs, seed ${seed}: ${storeCalls.toLocaleString('en')} store calls in ${seconds.toFixed(0)} s`,
    ...listed('events', tally),
    ...listed('outcomes of due slots', found.outcomes),
    '',
    `expected slots ${expected}, recorded outcomes ${recorded}, difference ${missing.length + surplus.length}`,
    `runs that worked twice, overlapped against their policy or were counted wrongly: ${wrong.length}`,
    ...bad.slice(0, most),
    ...(bad.length > most ? [`… and ${bad.length - most} more`] : []),
  ];
};
