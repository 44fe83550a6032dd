import fc from 'fast-check';
import type { Due } from '../../lib/schedule/calendar.ts';
import type { Cron, CronDay } from '../../lib/schedule/cron.ts';
import { parseCron } from '../../lib/schedule/cron.ts';
import type { Schedule } from '../../lib/schedule/schedule.ts';
import { slotAt } from '../../lib/schedule/slot.ts';

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

/** A minute, its local time, the local times that clocks jumped over to reach it, and the other minute that has its local time. */
export type Minute = { instant: number; local: Local; jumped: Local[]; before?: number; again?: number };

/** The minutes between two local times, counted without clock changes. */
const between = (from: Local, to: Local): Local[] => {
  const reckoned = ({ year, month, date, hour, minute }: Local) => Date.UTC(year, month - 1, date, hour, minute);
  const passed: Local[] = [];
  for (let time = reckoned(from) + MINUTE; time < reckoned(to); time += MINUTE) {
    const day = new Date(time);
    const [hour, minute] = [day.getUTCHours(), day.getUTCMinutes()];
    passed.push({ year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, date: day.getUTCDate(), hour, minute });
  }
  return passed;
};

/** The local times of minutes asked in order. Intl is asked once a quarter: since 2010 every clock has changed on one. */
const minuteClock = (zone: string) => {
  const localOf = clock(zone);
  let quarter = localOf(0);
  return (instant: number): Local => {
    const passed = (instant / MINUTE) % 15;
    if (passed === 0) quarter = localOf(instant);
    return { ...quarter, minute: quarter.minute + passed };
  };
};

/** Every minute from some days before an instant to some after another, seen one by one. */
export const minutesOf = (zone: string, from: number, to: number): Minute[] => {
  const localOf = minuteClock(zone);
  const seen = new Map<number, Minute>();
  const minutes: Minute[] = [];
  // It begins on a whole hour, so that the first minute has a quarter.
  for (let instant = Math.floor(from / HOUR) * HOUR - 50 * HOUR; instant <= to + 26 * HOUR; instant += MINUTE) {
    const local = localOf(instant);
    const last = minutes.at(-1);
    const text = numeral(local);
    const minute: Minute = { instant, local, jumped: last ? between(last.local, local) : [] };
    const first = seen.get(text);
    if (first) [minute.before, first.again] = [first.instant, instant];
    seen.set(text, minute);
    minutes.push(minute);
  }
  return minutes;
};

/** A local time as one number that can be compared. */
const numeral = ({ year, month, date, hour, minute }: Local): number =>
  (((year * 100 + month) * 100 + date) * 100 + hour) * 100 + minute;

const localOfText = (text: string): number => Number(text.slice(0, 16).replaceAll(/\D/g, ''));

/** The first minute that is not before a local time: bounds have whole minutes here. */
const reached = (text: string | undefined, minutes: Minute[]): number | undefined =>
  text === undefined ? undefined : minutes.find(({ local }) => numeral(local) >= localOfText(text))?.instant;

const parsed = (text: string): Cron => {
  const { value, problems } = parseCron(text);
  if (!value) throw new Error(problems.join());
  return value;
};

/** Whether a schedule means a local time. */
const meaning = (schedule: Schedule): ((local: Local) => boolean) => {
  if (schedule.at !== undefined) {
    const wanted = localOfText(schedule.at);
    return (local) => numeral(local) === wanted;
  }
  const cron = parsed(schedule.cron ?? '');
  return (local) => means(cron, local);
};

type Span = { minutes: Minute[]; from: number; to: number };

/** Tells if a slot is due at this minute, and what starts it. Ignores excluded dates. */
const dueAt = (
  minute: Minute,
  isMeant: (local: Local) => boolean,
  { dst }: Schedule,
  end: number,
): Omit<Due, 'slot'> | undefined => {
  const { local, jumped, before, again } = minute;
  const meant = isMeant(local);
  if (meant && before === undefined) {
    const folded = dst?.fold === 'last' && again !== undefined && again <= end;
    return { by: 'schedule', ...(folded && { skip: 'fold' }) };
  }
  const second = meant && (dst?.fold === 'both' || dst?.fold === 'last');
  const after = dst?.gap === 'after' && jumped.some(isMeant);
  return second || after ? { by: 'watchman' } : undefined;
};

/** The slots of a cron or an `at` after one instant and up to another, found by looking at each minute. */
export const foreseen = (schedule: Schedule, { minutes, from, to }: Span): Due[] => {
  const isMeant = meaning(schedule);
  const start = reached(schedule.start, minutes) ?? Number.NEGATIVE_INFINITY;
  const end = reached(schedule.end, minutes) ?? Number.POSITIVE_INFINITY;
  const pad = (number: number) => String(number).padStart(2, '0');
  return minutes
    .filter(({ instant }) => instant > from && instant <= to && instant >= start && instant <= end)
    .flatMap((minute): Due[] => {
      const due = dueAt(minute, isMeant, schedule, end);
      if (!due) return [];
      const { year, month, date } = minute.local;
      const excluded = schedule.exclude?.includes(`${year}-${pad(month)}-${pad(date)}`);
      return [{ ...due, slot: slotAt(new Date(minute.instant)), ...(excluded && { skip: 'excluded' }) }];
    });
};

export const instant = fc
  .date({ min: new Date('2010-01-01'), max: new Date('2040-12-31'), noInvalidDate: true })
  .map((date) => date.getTime());
export const zone = fc.oneof(fc.constantFrom(...ZONES), fc.constantFrom(...Intl.supportedValuesOf('timeZone')));

/** An instant at most a few hours from a change of clocks. */
export const nearChange = fc
  .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -30 * 60, max: 30 * 60 }))
  .map(([[timezone, around], minutes]) => ({ timezone, time: Date.parse(around) + minutes * MINUTE }));

/** What a schedule may have beside its time, with bounds and dates near an instant: its own local day, as if it were UTC. */
export const additions = (
  near: number,
  reach: number,
): fc.Arbitrary<Pick<Schedule, 'start' | 'end' | 'dst' | 'exclude'>> => {
  const moment = fc
    .integer({ min: -reach / MINUTE, max: reach / MINUTE })
    .map((minutes) => new Date(Math.floor(near / MINUTE) * MINUTE + minutes * MINUTE).toJSON().slice(0, 19));
  const dst = fc.record({
    gap: fc.constantFrom('skip' as const, 'after' as const),
    fold: fc.constantFrom('first' as const, 'both' as const, 'last' as const),
  });
  const exclude = fc.array(
    moment.map((text) => text.slice(0, 10)),
    { minLength: 1, maxLength: 2 },
  );
  const bounds = fc.uniqueArray(moment, { minLength: 2, maxLength: 2 }).map((two) => two.sort());
  return fc
    .record({
      dst: fc.option(dst, { nil: undefined, freq: 5 }),
      bounds: fc.option(bounds, { nil: undefined, freq: 1 }),
      bounded: fc.constantFrom('start', 'end', 'both'),
      exclude: fc.option(exclude, { nil: undefined, freq: 1 }),
    })
    .map(({ dst, bounds: [start, end] = [], bounded, exclude }) => ({
      ...(dst && { dst }),
      ...(start && bounded !== 'end' && { start }),
      ...(end && bounded !== 'start' && { end }),
      ...(exclude && { exclude }),
    }));
};
