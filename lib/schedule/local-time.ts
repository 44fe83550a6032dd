type Part = [name: string, value: number, low: number, high: number];

const outside = (parts: Part[]): string[] =>
  parts
    .filter(([, value, low, high]) => value < low || value > high)
    .map(([part, value, low, high]) => `${part}: found ${value}, expected ${low}-${high}`);

const dateParts = (year: number, month: number, day: number): Part[] => {
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return [
    ['year', year, 1970, 2199],
    ['month', month, 1, 12],
    ['day', day, 1, month >= 1 && month <= 12 ? lastDay : 31],
  ];
};

/** A local time, without an offset: `2026-12-24T18:00:00`. */
export const localTimeForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/;

/** The problems of a local time: a wrong format, or a date or time that does not exist between 1970 and 2199. */
export const localTimeProblems = (text: string): string[] => {
  const match = localTimeForm.exec(text);
  if (!match)
    return [`found "${text}", expected yyyy-mm-ddThh:mm:ss, without offset (it is local time in \`timezone\`)`];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return outside([
    ...dateParts(year, month, day),
    ['hour', hour, 0, 23],
    ['minute', minute, 0, 59],
    ['second', second, 0, 59],
  ]);
};

/**
 * The problems of a local time in whole minutes. Scheduler fires by the minute, and drops the seconds of a rate's start: it would fire once more than
 * the calendar expects (seen by others).
 */
export const localMinuteProblems = (text: string): string[] => {
  const problems = localTimeProblems(text);
  return problems.length > 0 || text.endsWith(':00') ? problems : [`second: found ${text.slice(-2)}, expected 00`];
};

/** The problems of a local date like `2026-12-25`. */
export const dateProblems = (text: string): string[] => {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!match) return [`found "${text}", expected a date like 2026-12-25`];
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  return outside(dateParts(year, month, day));
};
