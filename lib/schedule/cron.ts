/**
 * The days a cron expression means: one of its two day fields, because the other one is `?`.
 * Days of the week count from 1 = Sunday. Lists are sorted and never empty.
 */
export type CronDay =
  | { kind: 'daysOfMonth'; days: number[] }
  | { kind: 'lastDay' }
  /** The last Monday to Friday of the month. */
  | { kind: 'lastWeekday' }
  /** The Monday to Friday nearest to this day, within the same month. */
  | { kind: 'nearestWeekday'; day: number }
  | { kind: 'daysOfWeek'; days: number[] }
  /** The month's last Friday, say. */
  | { kind: 'lastDayOfWeek'; day: number }
  /** The month's second Tuesday, say. A fifth one is missing in some months. */
  | { kind: 'nthDayOfWeek'; day: number; nth: number };

/** What a cron expression means, in local time: every list sorted, without doubles, and never empty. */
export type Cron = { minutes: number[]; hours: number[]; day: CronDay; months: number[]; years: number[] };

/** A value, or everything that is wrong with the text it should come from. */
type Reading<T> = { value: T; problems?: undefined } | { value?: undefined; problems: string[] };

type Field = {
  title: string;
  min: number;
  max: number;
  names: string[];
  expected: string;
  cyclic: boolean;
  steps: number;
};

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const numeric = { names: [], cyclic: true };
const MINUTES: Field = { ...numeric, title: 'field 1 (minutes)', min: 0, max: 59, expected: '0-59', steps: 59 };
const HOURS: Field = { ...numeric, title: 'field 2 (hours)', min: 0, max: 23, expected: '0-23', steps: 23 };
const DAY_OF_MONTH: Field = {
  ...numeric,
  title: 'field 3 (day of month)',
  min: 1,
  max: 31,
  expected: '1-31, or on its own ?, L, LW or 1W-31W',
  steps: 31,
};
const MONTH: Field = {
  title: 'field 4 (month)',
  min: 1,
  max: 12,
  names: MONTHS,
  expected: '1-12 or JAN-DEC',
  cyclic: true,
  steps: 12,
};
/** AWS lists no `/` for this field. */
const DAY_OF_WEEK: Field = {
  title: 'field 5 (day of week)',
  min: 1,
  max: 7,
  names: WEEKDAYS,
  expected: '1-7 or SUN-SAT (1 = Sunday), or on its own ?, L, 6L or 6#2',
  cyclic: true,
  steps: 0,
};
const YEAR: Field = {
  title: 'field 6 (year)',
  min: 1970,
  max: 2199,
  names: [],
  expected: '1970-2199',
  cyclic: false,
  steps: 229,
};

const readNumber = (text: string, field: Field): number | undefined => {
  const name = field.names.indexOf(text.toUpperCase());
  if (name !== -1) return field.min + name;
  if (!/^\d+$/.test(text) || text.length > String(field.max).length) return undefined;
  const number = Number(text);
  return number >= field.min && number <= field.max ? number : undefined;
};

/** Every `step`th value from `first` to `last`, going on at the field's start where `last` comes before `first`. */
const walk = (first: number, last: number, step: number, field: Field): number[] => {
  const size = field.max - field.min + 1;
  const length = (last - first + size) % size;
  const values = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => first - field.min + index * step);
  return values.map((value) => field.min + (value % size));
};

const found = (part: string, whole: string, expected: string) =>
  `found ${JSON.stringify(part)}${part === whole ? '' : ` in ${JSON.stringify(whole)}`}, expected ${expected}`;

const readStep = (text: string | undefined, whole: string, field: Field): Reading<number> => {
  if (text === undefined) return { value: 1 };
  if (field.steps === 0) return { problems: [found(`/${text}`, whole, 'no step in this field; list its days')] };
  const step = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= field.steps) return { value: step };
  return { problems: [found(`/${text}`, whole, `a step of 1-${field.steps}`)] };
};

/** The first and last value of `*`, `a` or `a-b`. A single value with a step runs to the end of its field. */
const readRange = (range: string, stepped: boolean, whole: string, field: Field): Reading<[number, number]> => {
  if (range === '*' && (stepped || whole === '*')) return { value: [field.min, field.max] };
  const parts = range.split('-');
  const [first, last = stepped ? field.max : first] = parts.map((part) => readNumber(part, field));
  const wrong = parts.length > 2 ? [range] : parts.filter((part) => readNumber(part, field) === undefined);
  if (wrong.length > 0 || first === undefined || last === undefined) {
    return { problems: wrong.map((part) => found(part, whole, field.expected)) };
  }
  if (last < first && !field.cyclic) return { problems: [found(range, whole, 'the lower number first')] };
  return { value: [first, last] };
};

/** One item of a list: a range with or without a step. */
const readItem = (item: string, whole: string, field: Field): Reading<number[]> => {
  const [, from = item, stepText] = /^([^/]*)\/(.*)$/.exec(item) ?? [];
  const range = readRange(from, stepText !== undefined, whole, field);
  const step = readStep(stepText, whole, field);
  if (range.problems || step.problems) return { problems: [...(range.problems ?? []), ...(step.problems ?? [])] };
  return { value: walk(...range.value, step.value, field) };
};

const titled = (field: Field, problems: string[]) => problems.map((problem) => `${field.title}: ${problem}`);

const readField = (text: string, field: Field): Reading<number[]> => {
  const items = text.split(',').map((item) => readItem(item, text, field));
  const problems = items.flatMap((item) => item.problems ?? []);
  if (problems.length > 0) return { problems: titled(field, problems) };
  return { value: [...new Set(items.flatMap((item) => item.value ?? []))].sort((a, b) => a - b) };
};

const readDayOfMonth = (text: string): Reading<CronDay> => {
  if (/^L$/i.test(text)) return { value: { kind: 'lastDay' } };
  if (/^LW$/i.test(text)) return { value: { kind: 'lastWeekday' } };
  const day = /^\d+W$/i.test(text) ? readNumber(text.slice(0, -1), DAY_OF_MONTH) : undefined;
  if (day !== undefined) return { value: { kind: 'nearestWeekday', day } };
  const days = readField(text, DAY_OF_MONTH);
  return days.problems ? days : { value: { kind: 'daysOfMonth', days: days.value } };
};

const readDayOfWeek = (text: string): Reading<CronDay> => {
  if (/^L$/i.test(text)) return { value: { kind: 'daysOfWeek', days: [7] } };
  const [, name = '', last, nth] = /^(\w+?)(?:(L)|#([1-5]))$/i.exec(text) ?? [];
  const day = readNumber(name, DAY_OF_WEEK);
  if (day !== undefined && last) return { value: { kind: 'lastDayOfWeek', day } };
  if (day !== undefined && nth) return { value: { kind: 'nthDayOfWeek', day, nth: Number(nth) } };
  const days = readField(text, DAY_OF_WEEK);
  return days.problems ? days : { value: { kind: 'daysOfWeek', days: days.value } };
};

const readDay = (ofMonth: string, ofWeek: string): Reading<CronDay> => {
  const month = ofMonth === '?' ? undefined : readDayOfMonth(ofMonth);
  const week = ofWeek === '?' ? undefined : readDayOfWeek(ofWeek);
  const problems = [...(month?.problems ?? []), ...(week?.problems ?? [])];
  const only = month && week ? undefined : (month ?? week);
  if (only?.value) return { value: only.value };
  if (only) return { problems };
  const both = `found "${ofMonth}" and "${ofWeek}", expected "?" in exactly one of them`;
  return { problems: [...problems, `fields 3 (day of month) and 5 (day of week): ${both}`] };
};

const lastDayOf = (month: number, years: number[]): number => {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return years.some((year) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) ? 29 : 28;
};

/** False for 30 February and the like, which would make a schedule that never fires. */
const happens = ({ day, months, years }: Cron): boolean => {
  const earliest = day.kind === 'daysOfMonth' ? Math.min(...day.days) : day.kind === 'nearestWeekday' ? day.day : 1;
  return months.some((month) => earliest <= lastDayOf(month, years));
};

/**
 * Reads the six fields of an EventBridge cron expression, or says everything that is wrong with them; never throws.
 * The rules are AWS's: exactly one `?`, 1 = Sunday, no step among days of the week, `L`, `W` and `#` not in lists.
 * Ranges may wrap, as AWS's own example `0/30 20-2 ? * MON-FRI *` does; years may not. Dates that no year has are refused.
 */
export const parseCron = (text: string): Reading<Cron> => {
  if (/^\s*cron\s*\(/i.test(text)) return { problems: [found('cron(', text, 'the six fields without cron( )')] };
  const fields = text.trim() === '' ? [] : text.trim().split(/\s+/);
  const [minute = '', hour = '', ofMonth = '', monthText = '', ofWeek = '', yearText = ''] = fields;
  if (fields.length !== 6) {
    const names = 'minutes hours day-of-month month day-of-week year';
    return { problems: [`found ${fields.length} fields, expected 6: ${names}`] };
  }
  const minutes = readField(minute, MINUTES);
  const hours = readField(hour, HOURS);
  const day = readDay(ofMonth, ofWeek);
  const months = readField(monthText, MONTH);
  const years = readField(yearText, YEAR);
  if (minutes.problems || hours.problems || day.problems || months.problems || years.problems) {
    return { problems: [minutes, hours, day, months, years].flatMap((reading) => reading.problems ?? []) };
  }
  const cron = { minutes: minutes.value, hours: hours.value, day: day.value, months: months.value, years: years.value };
  if (happens(cron)) return { value: cron };
  const dates = `found "${ofMonth}", expected a day that month "${monthText}" of year "${yearText}" has`;
  return { problems: titled(DAY_OF_MONTH, [dates]) };
};
