import type { Job } from '../../../lib/job/job.ts';
import { type Slot, slotAt } from '../../../lib/schedule/slot.ts';
import { DAY, HOUR, MINUTE } from '../../kit/calendar-oracle.ts';
import { almanac, keyOf, type Met } from './almanac.ts';
import type { Era, Plan, Span } from './year-plan.ts';

const units: Record<string, number> = { minute: MINUTE, hour: HOUR, day: DAY };

const rateSlots = (rate: string, { deployedAt, to }: Era): Met[] => {
  const [count = '1', unit = 'hour'] = rate.split(' ');
  const step = Number(count) * (units[unit.replace(/s$/, '')] ?? HOUR);
  const slots: Met[] = [];
  for (let at = deployedAt + step; at <= to; at += step) slots.push({ slot: slotAt(new Date(at)), fires: true });
  return slots;
};

/** A one-time schedule as a cron for one day of one year. */
const asCron = ({ schedule }: Job): Pick<Job, 'schedule'> => {
  if (schedule.at === undefined) return { schedule };
  const [, year, month, day, hour, minute] = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/.exec(schedule.at) ?? [];
  const { at: _, ...rest } = schedule;
  const cron = [minute, hour, day, month, '?', year].map((text) => (text === '?' ? text : Number(text))).join(' ');
  return { schedule: { ...rest, cron } as Job['schedule'] };
};

const inBounds = ({ schedule }: Job, slot: Slot): boolean => {
  // The only job of the fleet with bounds is in UTC.
  const { start = '', end = '9' } = schedule;
  return slot.slice(0, 19) >= start && slot.slice(0, 19) <= end;
};

/** The due slots of each era of each job, found without the product's calendar. */
export const slotsOf = ({ eras, span }: Plan): Map<Era, Met[]> => {
  const all = [...eras.values()].flat().filter(({ job }) => job.enabled);
  const crons = all.map(({ job }) => asCron(job));
  const met = almanac(crons, span.from, span.to);
  const within = ({ deployedAt, to }: Era, slot: Slot) => Date.parse(slot) > deployedAt && Date.parse(slot) <= to;
  return new Map(
    all.map((era) => {
      const { job } = era;
      const found = job.schedule.rate === undefined ? met.get(keyOf(asCron(job))) : rateSlots(job.schedule.rate, era);
      return [era, (found ?? []).filter(({ slot }) => within(era, slot) && inBounds(job, slot))];
    }),
  );
};

/** Spans in which a disabled job may still have slots of its old schedule recorded as disabled, until the watchman sees the change. */
export const dozing = (eras: Era[]): Span[] =>
  eras.flatMap(({ job, deployedAt, to }) =>
    job.enabled ? [] : [{ from: deployedAt, to: Math.max(to, deployedAt + DAY) }],
  );
