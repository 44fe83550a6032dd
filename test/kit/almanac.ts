import fc from 'fast-check';
import type { Cron, CronDay } from '../../lib/cron.ts';
import { parseCron } from '../../lib/cron.ts';
import { type Slot, slotAt } from '../../lib/slot.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const ZONES = [
  'UTC',
  'Europe/Amsterdam',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Pacific/Apia',
];

/** Instants near which the clocks of a zone above changed, midnight jumps and the day Samoa left out among them. */
export const CHANGES: [zone: string, around: string][] = [
  ['Europe/Amsterdam', '2026-03-29'],
  ['Europe/Amsterdam', '2026-10-25'],
  ['America/New_York', '2011-03-13'],
  ['America/New_York', '2031-11-02'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Australia/Lord_Howe', '2039-10-02'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-18'],
  ['Africa/Casablanca', '2012-07-20'],
  ['Africa/Casablanca', '2026-02-15'],
  ['Africa/Casablanca', '2026-03-22'],
  ['Pacific/Apia', '2011-12-30'],
  ['Pacific/Apia', '2011-04-02'],
  ['Asia/Kathmandu', '2026-03-29'],
  ['UTC', '2026-03-29'],
];

export type Local = { year: number; month: number; date: number; hour: number; minute: number };

/** Local times from Intl's own fields: no offsets, so nothing here is done as the calendar does it. */
export const clock = (timeZone: string) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (instant: number): Local => {
    const [month = 0, date = 0, year = 0, hour = 0, minute = 0] = format.format(instant).split(/\D+/).map(Number);
    return { year, month, date, hour, minute };
  };
};

const monthAndWeekday = ({ year, month }: Local, date: number) => {
  const day = new Date(Date.UTC(year, month - 1, date));
  return { inMonth: day.getUTCMonth() === month - 1, weekday: day.getUTCDay() + 1 };
};

const isWorkday = (local: Local, date: number): boolean => {
  const { inMonth, weekday } = monthAndWeekday(local, date);
  return inMonth && date >= 1 && weekday > 1 && weekday < 7;
};

/** Whether a rule means a date, judged from that date alone. */
const meansDate = (rule: CronDay, local: Local): boolean => {
  const { date } = local;
  const { weekday } = monthAndWeekday(local, date);
  const isLastOf = (step: number) => !monthAndWeekday(local, date + step).inMonth;
  switch (rule.kind) {
    case 'daysOfMonth':
      return rule.days.includes(date);
    case 'lastDay':
      return isLastOf(1);
    case 'lastWeekday':
      return isWorkday(local, date) && [1, 2, 3].every((step) => !isWorkday(local, date + step));
    case 'nearestWeekday': {
      const distance = Math.abs(date - rule.day);
      const nearer = [0, 1, -1, 2, -2].filter((step) => Math.abs(step) < distance);
      const exists = monthAndWeekday(local, rule.day).inMonth;
      return exists && isWorkday(local, date) && distance <= 2 && !nearer.some((s) => isWorkday(local, rule.day + s));
    }
    case 'daysOfWeek':
      return rule.days.includes(weekday);
    case 'lastDayOfWeek':
      return weekday === rule.day && isLastOf(7);
    case 'nthDayOfWeek':
      return weekday === rule.day && Math.ceil(date / 7) === rule.nth;
  }
};

export const means = (cron: Cron, local: Local): boolean =>
  cron.minutes.includes(local.minute) &&
  cron.hours.includes(local.hour) &&
  cron.months.includes(local.month) &&
  cron.years.includes(local.year) &&
  meansDate(cron.day, local);

export type Minute = { instant: number; local: Local };

/** Every minute from one instant to another, without those whose local time was there before. */
export const minutesOf = (zone: string, from: number, to: number): Minute[] => {
  const localOf = clock(zone);
  const seen = new Set<string>();
  const minutes: Minute[] = [];
  for (let instant = from - 26 * HOUR; instant <= to; instant += MINUTE) {
    const local = localOf(instant);
    const text = Object.values(local).join();
    if (!seen.has(text) && instant > from) minutes.push({ instant, local });
    seen.add(text);
  }
  return minutes;
};

const parsed = (text: string): Cron => {
  const { value, problems } = parseCron(text);
  if (!value) throw new Error(problems.join());
  return value;
};

export const expected = (text: string, minutes: Minute[]): Slot[] => {
  const cron = parsed(text);
  return minutes.filter(({ local }) => means(cron, local)).map(({ instant }) => slotAt(new Date(instant)));
};

export const instant = fc
  .date({ min: new Date('2010-01-01'), max: new Date('2040-12-31'), noInvalidDate: true })
  .map((date) => date.getTime());
export const zone = fc.oneof(fc.constantFrom(...ZONES), fc.constantFrom(...Intl.supportedValuesOf('timeZone')));

/** An instant at most a few hours from a change of clocks. */
export const nearChange = fc
  .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -30 * 60, max: 30 * 60 }))
  .map(([[timezone, around], minutes]) => ({ timezone, time: Date.parse(around) + minutes * MINUTE }));
