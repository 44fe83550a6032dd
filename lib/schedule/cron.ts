/**
 * The day rule of a cron expression: one of its two day fields, because the other one is `?`.
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
  /** For example, the month's last Friday. */
  | { kind: 'lastDayOfWeek'; day: number }
  /** For example, the month's second Tuesday. Some months have no fifth one. */
  | { kind: 'nthDayOfWeek'; day: number; nth: number };

/** A parsed cron expression, in local time. Every list is sorted, without duplicates, and never empty. */
export type Cron = { minutes: number[]; hours: number[]; day: CronDay; months: number[]; years: number[] };

/** A parsed value, or all problems of its text. */
type Parsed<T> = { value: T; problems?: undefined } | { value?: undefined; problems: string[] };

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
/** AWS documents no `/` for this field. */
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

/** Every `step`th value from `first` to `last`. If `last` is smaller, the walk wraps around to the field's start. */
const walk = (first: number, last: number, step: number, field: Field): number[] => {
  const size = field.max - field.min + 1;
  const length = (last - first + size) % size;
  const values = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => first - field.min + index * step);
  return values.map((value) => field.min + (value % size));
};

const mismatch = (part: string, whole: string, expected: string) =>
  `found ${JSON.stringify(part)}${part === whole ? '' : ` in ${JSON.stringify(whole)}`}, expected ${expected}`;

const readStep = (text: string | undefined, whole: string, field: Field): Parsed<number> => {
  if (text === undefined) return { value: 1 };
  if (field.steps === 0) return { problems: [mismatch(`/${text}`, whole, 'no step in this field; list its days')] };
  const step = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= field.steps) return { value: step };
  return { problems: [mismatch(`/${text}`, whole, `a step of 1-${field.steps}`)] };
};

/** What AWS's documentation expects instead of a range, or undefined for a range that it has. */
const undocumented = (parts: string[], wraps: boolean, stepped: boolean, field: Field): string | undefined => {
  const names = parts.filter((part) => !/^\d/.test(part)).length;
  if (parts.length === 2 && names === 1) return 'two names or two numbers';
  if (wraps && !field.cyclic) return 'the lower number first';
  return wraps && stepped ? 'the lower number first, because the range has a step' : undefined;
};

/** The first and last value of `*`, `a` or `a-b`. A single value with a step extends to the end of its field. */
const readRange = (range: string, stepped: boolean, whole: string, field: Field): Parsed<[number, number]> => {
  if (range === '*' && (stepped || whole === '*')) return { value: [field.min, field.max] };
  const parts = range.split('-');
  const [first, last = stepped ? field.max : first] = parts.map((part) => readNumber(part, field));
  const wrong = parts.length > 2 ? [range] : parts.filter((part) => readNumber(part, field) === undefined);
  if (wrong.length > 0 || first === undefined || last === undefined) {
    return { problems: wrong.map((part) => mismatch(part, whole, field.expected)) };
  }
  const expected = undocumented(parts, last < first, stepped, field);
  return expected === undefined ? { value: [first, last] } : { problems: [mismatch(range, whole, expected)] };
};

/** One item of a list: a range with or without a step. */
const readItem = (item: string, whole: string, field: Field): Parsed<number[]> => {
  const [, from = item, stepText] = /^([^/]*)\/(.*)$/.exec(item) ?? [];
  const range = readRange(from, stepText !== undefined, whole, field);
  const step = readStep(stepText, whole, field);
  if (range.problems || step.problems) return { problems: [...(range.problems ?? []), ...(step.problems ?? [])] };
  return { value: walk(...range.value, step.value, field) };
};

const titled = (field: Field, problems: string[]) => problems.map((problem) => `${field.title}: ${problem}`);

const readField = (text: string, field: Field): Parsed<number[]> => {
  const items = text.split(',').map((item) => readItem(item, text, field));
  const problems = items.flatMap((item) => item.problems ?? []);
  if (problems.length > 0) return { problems: titled(field, problems) };
  return { value: [...new Set(items.flatMap((item) => item.value ?? []))].sort((a, b) => a - b) };
};

const readDayOfMonth = (text: string): Parsed<CronDay> => {
  if (/^L$/i.test(text)) return { value: { kind: 'lastDay' } };
  if (/^LW$/i.test(text)) return { value: { kind: 'lastWeekday' } };
  const day = /^\d+W$/i.test(text) ? readNumber(text.slice(0, -1), DAY_OF_MONTH) : undefined;
  if (day !== undefined) return { value: { kind: 'nearestWeekday', day } };
  const days = readField(text, DAY_OF_MONTH);
  return days.problems ? days : { value: { kind: 'daysOfMonth', days: days.value } };
};

const readDayOfWeek = (text: string): Parsed<CronDay> => {
  if (/^L$/i.test(text)) return { value: { kind: 'daysOfWeek', days: [7] } };
  const [, name = '', last, nth] = /^(\w+?)(?:(L)|#([1-5]))$/i.exec(text) ?? [];
  const day = readNumber(name, DAY_OF_WEEK);
  if (day !== undefined && last) return { value: { kind: 'lastDayOfWeek', day } };
  if (day !== undefined && nth) return { value: { kind: 'nthDayOfWeek', day, nth: Number(nth) } };
  const days = readField(text, DAY_OF_WEEK);
  return days.problems ? days : { value: { kind: 'daysOfWeek', days: days.value } };
};

const readDay = (ofMonth: string, ofWeek: string): Parsed<CronDay> => {
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

/** Whether some date matches. False for 30 February, for example: such a schedule would never fire. */
const happens = ({ day, months, years }: Cron): boolean => {
  const earliest = day.kind === 'daysOfMonth' ? Math.min(...day.days) : day.kind === 'nearestWeekday' ? day.day : 1;
  return months.some((month) => earliest <= lastDayOf(month, years));
};

/**
 * Parses the six fields of an EventBridge cron expression, or returns all problems; never throws.
 * AWS's rules: exactly one `?`, 1 = Sunday, no step in days of the week, no `L`, `W` or `#` in lists.
 * Ranges may wrap, as in AWS's example `0/30 20-2 ? * MON-FRI *`, except years and with a step: AWS documents neither, nor ranges of a name and a
 * number. Dates that never exist are refused.
 */
export const parseCron = (text: string): Parsed<Cron> => {
  if (/^\s*cron\s*\(/i.test(text)) return { problems: [mismatch('cron(', text, 'the six fields without cron( )')] };
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
    return { problems: [minutes, hours, day, months, years].flatMap((parsed) => parsed.problems ?? []) };
  }
  const cron = { minutes: minutes.value, hours: hours.value, day: day.value, months: months.value, years: years.value };
  if (happens(cron)) return { value: cron };
  const dates = `found "${ofMonth}", expected a day that month "${monthText}" of year "${yearText}" has`;
  return { problems: titled(DAY_OF_MONTH, [dates]) };
};
