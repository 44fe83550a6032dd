import { type Cron, parseCron } from '../../lib/cron.ts';
import type { Job } from '../../lib/job.ts';
import { type Slot, slotAt } from '../../lib/slot.ts';
import { clock, HOUR, type Local, MINUTE, means } from '../kit/almanac.ts';

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

/** A minute on the wall: whether it was there before, and which ones the clocks left out before it. */
type Moment = { local: Local; again: boolean; missing: Local[] };

const dueAt = ({ cron, gap, fold }: Asked, { local, again, missing }: Moment): 'fires' | 'ours' | undefined => {
  const meant = means(cron, local);
  if (meant && !again) return 'fires';
  if (meant && fold !== 'first') return 'ours';
  return gap === 'after' && missing.some((one) => means(cron, one)) ? 'ours' : undefined;
};

/**
 * Every slot of these schedules of one zone between two instants, found by a walk through all its minutes with Intl's own fields. It shares
 * no arithmetic with the calendar it judges, but for what a cron expression means.
 */
const walk = (zone: string, asked: Asked[], from: number, to: number): Map<string, Met[]> => {
  const read = clock(zone);
  const met = new Map<string, Met[]>(asked.map(({ key }) => [key, []]));
  const seen = new Set<number>();
  const firstAt = new Map<number, Slot>();
  let last: number | undefined;
  for (let instant = from - 26 * HOUR; instant <= to; instant += MINUTE) {
    const local = read(instant);
    const time = wall(local);
    const again = seen.has(time);
    const missing = last === undefined ? [] : jumped(last, time);
    seen.add(time);
    last = time;
    if (instant <= from) continue;
    const slot = slotAt(new Date(instant));
    for (const one of asked) {
      const due = dueAt(one, { local, again, missing });
      const slots = met.get(one.key) ?? [];
      if (due) slots.push({ slot, fires: due === 'fires' });
      const before = again && one.fold === 'last' ? slots.find((each) => each.slot === firstAt.get(time)) : undefined;
      if (before) before.folded = true;
    }
    if (!again) firstAt.set(time, slot);
  }
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
