import { describe, expect, it } from 'vitest';
import { holidays } from '../../lib/job/holiday.ts';
import { problemText, readYaml } from '../../lib/job/job-file.ts';

const read = (lines: string[], file = 'infra/holidays/be.yml') => holidays(readYaml(file, lines.join('\n')));
const problemsOf = (...args: Parameters<typeof read>): string[] => {
  const result = read(...args);
  return 'problems' in result ? result.problems.map(problemText) : [];
};

describe('a file of holidays', () => {
  it('gives its dates in order', () => {
    expect(read(['2027-07-21: Nationale feestdag', '2026-12-25: Kerstmis'])).toEqual({
      dates: ['2026-12-25', '2027-07-21'],
    });
    expect(read(['{}'])).toEqual({ dates: [] });
  });

  it.each([
    ['a day that is not in its month', ['2027-02-29: Leap'], '1:1 2027-02-29: day: found 29, expected 1-28'],
    ['a field that is no date', ['Xmas: 2026-12-25'], '1:1 Xmas: found "Xmas", expected a date like 2026-12-25'],
    [
      'a day without a name',
      ['2026-12-25: Kerstmis', '2026-12-26: " "'],
      '2:1 2026-12-26: found no name, expected the name of the day, like Christmas',
    ],
    ['a list', ['- 2026-12-25'], '1:1 expected dates with their names, like 2026-12-25: Christmas'],
    ['nothing in it', [''], '1:1 expected dates with their names, like 2026-12-25: Christmas'],
  ])('with %s is rejected at the line of the problem', (_, lines, problem) => {
    expect(problemsOf(lines)).toEqual([`infra/holidays/be.yml:${problem}`]);
  });

  it('with a syntax error reports only that error', () => {
    expect(problemsOf(['2026-12-25: [', 'x: y'])).toEqual([expect.stringMatching(/^infra\/holidays\/be\.yml:\d/)]);
    expect(problemsOf(['2026-12-25: a', '2026-12-25: b'])).toEqual([
      'infra/holidays/be.yml:2:1 Map keys must be unique',
    ]);
  });

  it('needs a name that a job can exclude, even when its content is valid', () => {
    const message = 'the name of a holiday file must be 1 to 40 of a-z, 0-9 and -, starting with a letter';
    for (const name of ['New Year', '2027', 'n'.repeat(41)])
      expect(problemsOf(['2027-01-01: New Year'], `${name}.yml`)).toEqual([`${name}.yml:1:1 ${message}`]);
    expect(problemsOf(['- x'], 'New Year.yaml')).toHaveLength(2);
  });
});
