import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { commandOutput } from '../kit/command-json.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const directory = (job: string): string => {
  const infra = temporaryDirectory();
  for (const name of ['jobs', 'holidays']) mkdirSync(join(infra, name));
  writeFileSync(join(infra, 'jobs/report.yml'), job);
  writeFileSync(join(infra, 'holidays/np.yml'), '2190-01-03: Holiday\n');
  return infra;
};

const nightshift = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, ['infra/cli/nightshift.mjs', ...args])).stdout;
const next = (job: string, ...more: string[]) => nightshift('next', 'report', '--infra', directory(job), ...more);

test('lists the next slots of a job in its own time and in UTC', async () => {
  const job = 'schedule: { cron: 30 9 * * ? 2190-2199, timezone: Asia/Kathmandu }\nmodel: anthropic/x\nprompt: Go.\n';
  const told = commandOutput('next', await next(job, '--count', '2', '--json'));
  const usual = { note: null, firedBy: 'schedule', skip: null, remark: null };
  expect(told.slots).toEqual([
    { slot: '2190-01-01T03:45:00Z', local: '2190-01-01 09:30', offset: '+05:45', ...usual },
    { slot: '2190-01-02T03:45:00Z', local: '2190-01-02 09:30', offset: '+05:45', ...usual },
  ]);
  expect(await next(job, '--count', '2')).toMatch(
    /Asia\/Kathmandu[\s\S]*2190-01-01 09:30 \+05:45 {2}2190-01-01T03:45:00Z/,
  );
});

test('tells the slots that do not run, those of the watchman, and that there are no more', async () => {
  const night = 'cron: "30 2 * 3,10 ? *", timezone: Europe/Amsterdam, dst: { gap: after, fold: last }';
  const bounds = 'start: 2190-03-27T00:00:00, end: 2190-10-31T12:00:00, exclude: [2190-03-27]';
  const told = await next(`schedule: { ${night}, ${bounds} }\nmodel: anthropic/x\nprompt: Go.\n`, '--count', '99');
  expect(told).toContain('from 2190-03-27 00:00 until 2190-10-31 12:00, except on 1 date, Europe/Amsterdam');
  expect(told).toMatch(/\n\w+ 2190-03-27 02:30 \+01:00 {2}2190-03-27T01:30:00Z {2}not run: this date is excluded *\n/);
  expect(told).toMatch(
    /03:00 \+02:00 .*clocks go forward that day; by the watchman: clocks jumped over its own time *\n/,
  );
  expect(told).toMatch(
    /02:30 \+02:00 .*clocks go back that day; not run: this time comes twice, and the second is meant *\n/,
  );
  expect(told).toMatch(
    /02:30 \+01:00 .*clocks go back that day; by the watchman: the second of a time that comes twice *\n/,
  );
  expect(told).toMatch(/It has no slot after these\.\n$/);
});

test('leaves out the dates of holidays', async () => {
  const job = 'schedule: { cron: 0 9 * * ? 2190, exclude: [np] }\nmodel: anthropic/x\nprompt: Go.\n';
  const { slots } = commandOutput('next', await next(job, '--count', '3', '--json'));
  expect(slots[2]).toMatchObject({ slot: '2190-01-03T09:00:00Z', skip: 'excluded' });
});

test.each([
  ['has passed', 'at: "2001-01-01T00:00:00"', 'It has no slot left.'],
  [
    'does not exist',
    'at: "2027-03-28T02:30:00", timezone: Europe/Amsterdam',
    'It has no slot: clocks jump over its time',
  ],
])('says why there is no slot when its one time %s', async (_, schedule, expected) => {
  expect(await next(`schedule: { ${schedule} }\nmodel: anthropic/x\nprompt: Go.\n`)).toContain(expected);
});

test('says of a rate what it counts from, unless its start tells', async () => {
  const rate = (start: string) => `schedule: { rate: 1 hour${start} }\nmodel: anthropic/x\nprompt: Go.\n`;
  expect(await next(rate(''))).toContain('Counted from now');
  expect(await next(rate(', start: 2001-01-01T00:00:00'))).toContain('Counted from now');
  const told = await next(rate(', start: 2190-01-01T00:30:00'));
  expect(told).not.toContain('Counted from now');
  expect(told).toContain('2190-01-01T00:30:00Z');
});

test('says that a schedule is over', async () => {
  const job = 'schedule: { at: "2001-01-01T00:00:00" }\nmodel: anthropic/x\nprompt: Go.\nenabled: false\n';
  const told = await next(job);
  expect(told).toContain('The job is disabled');
  expect(told).toContain('It has no slot left.');
});

const past = 'schedule: { at: "2001-01-01T00:00:00" }\nmodel: anthropic/x\nprompt: Go.\n';

test('next says that a one-time job in the past has no slot left', async () => {
  expect(await nightshift('next', 'report', '--infra', directory(past))).toContain('It has no slot left.');
});

test('check refuses a one-time job in the past and says what to do', async () => {
  const infra = directory(past);
  const refused = await nightshift('check', '--infra', infra).catch(
    (thrown: { code: number; stderr: string }) => thrown,
  );
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('report.yml:1:13 schedule.at: ') });
  expect(refused).toMatchObject({ stderr: expect.stringMatching(/Remove the file or set enabled: false/) });
});
