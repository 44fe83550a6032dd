import { dateProblems } from '../schedule/local-time.ts';
import { isHolidayName } from '../schedule/schedule.ts';
import { fileName, type Problem, type Source } from './job-file.ts';

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

const isBlank = (name: unknown): boolean => typeof name !== 'string' || name.trim() === '';

/** The dates in a holiday file, which maps each date to the day's name, or all problems of the file. */
export const holidays = (source: Source): { dates: string[] } | { problems: Problem[] } => {
  if (source.problems.length > 0) return { problems: source.problems };
  const named = isHolidayName(fileName(source))
    ? []
    : [source.at([], 'the name of a holiday file must be 1 to 40 of a-z, 0-9 and -, starting with a letter')];
  if (!isMap(source.value))
    return {
      problems: [...named, source.at([], 'expected dates with their names, like 2026-12-25: Christmas')],
    };
  const problems = Object.entries(source.value).flatMap(([date, title]) => [
    ...dateProblems(date).map((message) => source.at([date], message)),
    ...(isBlank(title) ? [source.at([date], 'found no name, expected the name of the day, like Christmas')] : []),
  ]);
  const all = [...named, ...problems];
  return all.length > 0 ? { problems: all } : { dates: Object.keys(source.value).sort() };
};
