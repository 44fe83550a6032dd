import type { Job } from '../../../lib/job/job.ts';
import { type Cron, parseCron } from '../../../lib/schedule/cron.ts';
import { type Slot, slotAt } from '../../../lib/schedule/slot.ts';
import { clock, HOUR, type Local, MINUTE, means } from '../../kit/calendar-oracle.ts';

/**
 * A slot as a walk through every minute finds it: whether EventBridge fires it, or only our own policy asks for it; and whether its local time
 * comes again and is meant then.
 */
export type Met = { slot: Slot; fires: boolean; folded?: boolean };

/** What a job's schedule is asked for in a walk. */
type Asked = { key: string; cron: Cron; gap: string; fold: string };

const parsed = (text: string): Cron => {
  const { value, problems } = parseCron(text);
  if (!value) throw new Error(problems.join());
  return value;
};

export const keyOf = ({ schedule }: Pick<Job, 'schedule'>): string => JSON.stringify(schedule);

const wall = ({ year, month, date, hour, minute }: Local): number => Date.UTC(year, month - 1, date, hour, minute);

const localOf = (time: number): Local => {
  const date = new Date(time);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    date: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
};

/** The local minutes the clocks jumped over, from one minute to the next. */
const jumped = (before: number, after: number): Local[] => {
  const missing: Local[] = [];
  for (let time = before + MINUTE; time < after; time += MINUTE) missing.push(localOf(time));
  return missing;
};

/** A minute on the wall: the slot at which its local time came first, where it comes again, and the times the clocks left out before it. */
type Moment = { slot: Slot; local: Local; first: Slot | undefined; missing: Local[] };

/** Every minute after an instant, up to another, by Intl's own fields. */
function* moments(zone: string, from: number, to: number): Generator<Moment> {
  const read = clock(zone);
  const firstAt = new Map<number, Slot>();
  let last: number | undefined;
  for (let instant = from - 26 * HOUR; instant <= to; instant += MINUTE) {
    const local = read(instant);
    const time = wall(local);
    const slot = slotAt(new Date(instant));
    const first = firstAt.get(time);
    const missing = last === undefined ? [] : jumped(last, time);
    if (first === undefined) firstAt.set(time, slot);
    last = time;
    if (instant > from) yield { slot, local, first, missing };
  }
}

const dueAt = ({ cron, gap, fold }: Asked, { local, first, missing }: Moment): 'fires' | 'ours' | undefined => {
  const meant = means(cron, local);
  if (meant && first === undefined) return 'fires';
  if (meant && fold !== 'first') return 'ours';
  return gap === 'after' && missing.some((one) => means(cron, one)) ? 'ours' : undefined;
};

/**
 * Every slot of these schedules of one zone between two instants, found by a walk through all its minutes with Intl's own fields. It shares
 * no arithmetic with the calendar it judges, but for what a cron expression means.
 */
const walk = (zone: string, asked: Asked[], from: number, to: number): Map<string, Met[]> => {
  const met = new Map<string, Met[]>(asked.map(({ key }) => [key, []]));
  const meet = (one: Asked, moment: Moment): void => {
    const due = dueAt(one, moment);
    const slots = met.get(one.key);
    if (!due || !slots) return;
    const folded = one.fold === 'last' ? slots.findLast(({ slot }) => slot === moment.first) : undefined;
    if (folded) folded.folded = true;
    slots.push({ slot: moment.slot, fires: due === 'fires' });
  };
  for (const moment of moments(zone, from, to)) for (const one of asked) meet(one, moment);
  return met;
};

/** The slots of every job with a cron, by the key of its schedule. */
export const almanac = (jobs: Pick<Job, 'schedule'>[], from: number, to: number): Map<string, Met[]> => {
  const byZone = Map.groupBy(
    jobs.filter(({ schedule }) => schedule.cron !== undefined),
    ({ schedule }) => schedule.timezone,
  );
  const all = new Map<string, Met[]>();
  for (const [zone, those] of byZone) {
    const asked = those.map(({ schedule }): Asked => {
      const { gap = 'skip', fold = 'first' } = schedule.dst ?? {};
      return { key: keyOf({ schedule }), cron: parsed(schedule.cron ?? ''), gap, fold };
    });
    for (const [key, met] of walk(zone, asked, from, to)) all.set(key, met);
  }
  return all;
};
