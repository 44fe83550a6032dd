import type { Job } from '../../../lib/job/job.ts';
import { type Cron, parseCron } from '../../../lib/schedule/cron.ts';
import { type Slot, slotAt } from '../../../lib/schedule/slot.ts';
import { clock, HOUR, type Local, MINUTE, means } from '../../kit/calendar-oracle.ts';

/**
 * A due slot. `fires`: EventBridge delivers it, otherwise only the job's `dst` policy asks for it. `folded`: the policy skips it, because
 * its local time comes again.
 */
export type Met = { slot: Slot; fires: boolean; folded?: boolean };

/** A schedule as the walk reads it. */
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

/** Lists the local minutes that a clock change skips. `before` and `after` are the local times of two successive minutes. */
const jumped = (before: number, after: number): Local[] => {
  const missing: Local[] = [];
  for (let time = before + MINUTE; time < after; time += MINUTE) missing.push(localOf(time));
  return missing;
};

/** A minute: its local time, the slot of the same local time if that has come before, and the local times that the clocks skipped before it. */
type Moment = { slot: Slot; local: Local; first: Slot | undefined; missing: Local[] };

/** Every minute between two instants, in local time by Intl. */
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
 * Finds the slots of schedules in one time zone by a walk through every minute, in local time by Intl.
 * It shares only the meaning of a cron expression with the calendar that it judges.
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

/** The slots of every cron schedule, by the key of the schedule. */
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
