import type { Cron, CronDay } from '../schedule/cron.ts';

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const nths = ['first', 'second', 'third', 'fourth', 'fifth'];

/** How many values a sentence lists. More are told as a range or a step, or not at all. */
const mostListed = 5;

const weekday = (day: number): string => weekdays[day - 1] ?? '';
const two = (value: number): string => String(value).padStart(2, '0');
const clock = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

const joined = (texts: string[]): string =>
  texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;

/** The equal distance between sorted values, or undefined. */
const stepOf = (values: number[]): number | undefined => {
  const [first = 0, second = 0] = values;
  const step = second - first;
  return values.length > 1 && values.every((value, at) => value === first + at * step) ? step : undefined;
};

/** Values in words: a list, or a range of three and more without a gap. */
const valuesText = (values: number[], name: (value: number) => string): string | undefined => {
  const [first = 0, last = 0] = [values[0], values.at(-1)];
  if (values.length > 2 && stepOf(values) === 1) return `${name(first)} to ${name(last)}`;
  return values.length <= mostListed ? joined(values.map(name)) : undefined;
};

/** The times of a day: `at 09:00 and 17:00`, or a step through the day or a part of it. */
const timesText = ({ hours, minutes }: Cron): string | undefined => {
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
  if (times.length <= mostListed) return `at ${joined(times.map(clock))}`;
  const step = stepOf(times);
  if (step === undefined) return undefined;
  const every =
    step === 1
      ? 'every minute'
      : step === 60
        ? 'every hour'
        : step % 60
          ? `every ${step} minutes`
          : `every ${step / 60} hours`;
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const isWholeDay = first === 0 && last + step === 24 * 60;
  return isWholeDay ? every : `${every} from ${clock(first)} to ${clock(last)}`;
};

const dayText = (day: CronDay): string | undefined => {
  switch (day.kind) {
    case 'daysOfMonth': {
      if (day.days.length === 31) return 'every day';
      const listed = valuesText(day.days, String);
      return listed && `on day ${listed} of the month`;
    }
    case 'lastDay':
      return 'on the last day of the month';
    case 'lastWeekday':
      return 'on the last weekday (Monday to Friday) of the month';
    case 'nearestWeekday':
      return `on the weekday (Monday to Friday) nearest to day ${day.day} of the month`;
    case 'daysOfWeek': {
      if (day.days.length === 7) return 'every day';
      const listed = valuesText(day.days, weekday);
      return listed && `on ${listed}`;
    }
    case 'lastDayOfWeek':
      return `on the last ${weekday(day.day)} of the month`;
    case 'nthDayOfWeek':
      return `on the ${nths[day.nth - 1]} ${weekday(day.day)} of the month`;
  }
};

/** The part of a sentence for a field that is limited: none where it is not, undefined where there are no plain words for it. */
const limitText = (values: number[], size: number, name: (value: number) => string): string | undefined => {
  if (values.length === size) return '';
  const listed = valuesText(values, name);
  return listed && ` in ${listed}`;
};

/** A cron in English, or undefined where it takes more than plain words. A law compares each sentence with the slots. */
export const cronText = (cron: Cron): string | undefined => {
  const times = timesText(cron);
  const days = dayText(cron.day);
  const inMonths = limitText(cron.months, 12, (month) => months[month - 1] ?? '');
  const inYears = limitText(cron.years, 230, String);
  if (!times || !days || inMonths === undefined || inYears === undefined) return undefined;
  const isStep = times.startsWith('every');
  const parts = days === 'every day' && isStep ? [times] : isStep ? [times, days] : [days, times];
  const sentence = `${parts.join(isStep ? ', ' : ' ')}${inMonths && `,${inMonths}`}${inYears && `,${inYears}`}`;
  return `${sentence[0]?.toUpperCase()}${sentence.slice(1)}`;
};
