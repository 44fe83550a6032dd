import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { inEnglish } from '../infra/cli/next.ts';
import { place } from './local/place.ts';

const next = async (job: string, ...more: string[]) => {
  const infra = place();
  mkdirSync(join(infra, 'jobs'));
  writeFileSync(join(infra, 'jobs/report.yml'), job);
  const args = ['infra/cli/nightshift.ts', 'next', 'report', '--infra', infra, ...more];
  return (await promisify(execFile)(process.execPath, args)).stdout;
};

test.each([
  [{ cron: '0 9 ? * 2-6 *', timezone: 'UTC' }, /Monday through Friday/],
  [{ cron: '0 9 ? * 6#3 *', timezone: 'UTC' }, /third Friday/],
  [{ cron: '30 18 L * ? *', timezone: 'UTC' }, /18:30.*last day of the month/],
  [{ rate: '5 minutes', timezone: 'UTC' }, /^Every 5 minutes$/],
  [{ at: '2026-12-24T18:00:00', timezone: 'UTC' }, /^Once, at 2026-12-24T18:00:00$/],
])('says %j in English', (schedule, english) => {
  expect(inEnglish(schedule)).toMatch(english);
});

test('lists the next slots of a job in its own time and in UTC', async () => {
  const job = 'schedule: { cron: 30 9 * * ? 2190-2199, timezone: Asia/Kathmandu }\nmodel: anthropic/x\nprompt: Go.\n';
  const told = JSON.parse(await next(job, '--count', '2', '--json'));
  expect(told.slots).toEqual([
    { slot: '2190-01-01T03:45:00Z', local: '2190-01-01 09:30', offset: '+05:45' },
    { slot: '2190-01-02T03:45:00Z', local: '2190-01-02 09:30', offset: '+05:45' },
  ]);
  expect(await next(job, '--count', '2')).toMatch(
    /Asia\/Kathmandu[\s\S]*2190-01-01 09:30 \+05:45 {2}2190-01-01T03:45:00Z/,
  );
});

test('says that a schedule is over', async () => {
  const job = 'schedule: { at: "2001-01-01T00:00:00" }\nmodel: anthropic/x\nprompt: Go.\nenabled: false\n';
  const told = await next(job);
  expect(told).toContain('The job is disabled');
  expect(told).toContain('It has no slot left.');
});
