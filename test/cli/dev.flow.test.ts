import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { expect, onTestFinished, test } from 'vitest';
import { nightshiftService } from '../../infra/local/daemon/nightshift-service.ts';
import { syncSchedules } from '../../infra/local/scheduler/sync-schedules.ts';
import { Failure } from '../../lib/failure.ts';
import { readJobs } from '../../lib/io/files/job-files.ts';
import { compactSlot, slotAt } from '../../lib/schedule/slot.ts';
import { commandOutput, errorOutput } from '../kit/command-json.ts';
import { clientOptions, isAlive } from '../kit/local-service.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const cli = fileURLToPath(new URL('../../infra/cli/nightshift.mjs', import.meta.url));
const nowhere = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });

type Told = Record<string, unknown> & { event: string };

const write = (dir: string, kind: 'jobs' | 'scripts', name: string, text: string): void => {
  mkdirSync(join(dir, kind), { recursive: true });
  writeFileSync(join(dir, kind, `${name}.yml`), text);
};

const job = (schedule: string, more = ''): string =>
  `schedule: { ${schedule} }\nmodel: scripted/report\nprompt: Write.\nretry: { firstDelaySeconds: 0.1 }\n${more}`;

const daemonOf = (dir: string): number => JSON.parse(readFileSync(join(dir, 'data/service.json'), 'utf8')).pid;

/** A directory with a script whose every attempt takes a moment. Its daemon is gone when the test is over. */
const project = (): string => {
  const dir = temporaryDirectory();
  write(dir, 'scripts', 'report', 'attempts: [[{ text: Done., delaySeconds: 0.4 }]]');
  onTestFinished(() => {
    const pid = existsSync(join(dir, 'data/service.json')) ? daemonOf(dir) : undefined;
    if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return dir;
};

const child = (dir: string, args: string[], infra = dir): ChildProcess => {
  const places = ['--infra', infra, '--data', join(dir, 'data')];
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const made = spawn(process.execPath, [cli, ...args, ...places], { stdio: [...stdio] });
  onTestFinished(() => void made.kill('SIGKILL'));
  return made;
};

/** `dev` as a process of its own, and the events it reports. */
const devOn = (dir: string, infra = dir) => {
  const made = child(dir, ['dev', '--json'], infra);
  const told: Told[] = [];
  let errors = '';
  const hear = (line: string): void => {
    if (!line.startsWith('{"error":')) return void told.push(commandOutput('dev', line));
    const { name, message } = errorOutput(`${line}\n`);
    errors += `${name}: ${message}\n`;
  };
  if (made.stdout) createInterface(made.stdout).on('line', hear);
  made.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(made, 'close').then(([exitCode]) => exitCode as number | null);
  /** The first event with these facts, once it is reported. */
  const tells = async (facts: Partial<Told>): Promise<Told> => {
    const matches = (one: Told) => Object.entries(facts).every(([key, value]) => one[key] === value);
    await expect.poll(() => told.find(matches), { message: `${JSON.stringify(facts)} in ${errors}` }).toBeDefined();
    const found = told.find(matches);
    if (found === undefined) throw new Failure('Crash', 'it was there');
    return found;
  };
  return { told, tells, ended, kill: (signal: NodeJS.Signals) => void made.kill(signal), errors: () => errors };
};

/** The runs, as `runs --json` lists them. */
const runsOf = async (dir: string): Promise<{ run: string; status: string }[]> => {
  const made = child(dir, ['runs', '--json']);
  let out = '';
  made.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  await once(made, 'close');
  return JSON.parse(out);
};

/** The first whole minute at least so many seconds from now, in UTC, as `at` takes it. */
const minuteAfter = (seconds: number): string =>
  new Date(Math.ceil((Date.now() + seconds * 1000) / 60_000) * 60_000).toJSON().slice(0, 19);

test('fires jobs at their slots, loses and doubles none when it and its service are killed, and ends on Ctrl-C', async () => {
  const dir = project();
  write(dir, 'jobs', 'often', job('rate: 1 day'));
  write(dir, 'jobs', 'off', job('rate: 1 day', 'enabled: false'));
  const spawnedAt = Date.now();
  const first = devOn(dir);
  expect(await first.tells({ event: 'schedule', job: 'off' })).toMatchObject({ enabled: false, next: null });
  const { slot } = await first.tells({ event: 'fired', job: 'often' });
  await first.tells({ event: 'started', job: 'often', slot, origin: 'schedule' });
  // The file is read, and this `dev` killed, before the slot: sooner than a start took, on a busy machine too.
  const at = minuteAfter(2 + (Date.now() - spawnedAt) / 1000);
  write(dir, 'jobs', 'once', job(`at: "${at}"`));
  expect(await first.tells({ event: 'schedule', job: 'once' })).toMatchObject({ next: `${at}Z`, timezone: 'UTC' });
  const service = daemonOf(dir);
  first.kill('SIGKILL');
  process.kill(service, 'SIGKILL');
  await first.ended;

  const second = devOn(dir);
  await second.tells({ event: 'fired', job: 'once', slot: `${at}Z` });
  await second.tells({ event: 'ended', job: 'once', slot: `${at}Z`, status: 'succeeded' });
  expect(second.told.filter(({ event }) => event === 'fired')).toHaveLength(1);
  expect(readdirSync(join(dir, 'data/schedules'))).toEqual(['often.json']);

  const recorded = async () => (await runsOf(dir)).map(({ run, status }) => `${run} ${status}`).sort();
  const expected = [`often_${compactSlot(String(slot))} succeeded`, `once_${compactSlot(`${at}Z`)} succeeded`].sort();
  await expect.poll(recorded).toEqual(expected);
  second.kill('SIGINT');
  expect(await second.ended).toBe(0);
  expect(second.told.at(-1)).toMatchObject({ event: 'stopped', open: [] });
  expect(await recorded()).toEqual(expected);
});

test('reads job files again when they change, starts a service that died again, and lets no second one beside it', async () => {
  const dir = project();
  write(dir, 'jobs', 'daily', job('cron: 0 0 1 1 ? 2199'));
  const one = devOn(dir);
  await one.tells({ event: 'schedule', job: 'daily' });
  const file = join(dir, 'data/schedules/daily.json');
  const before = readFileSync(file, 'utf8');
  const config = readlinkSync(join(dir, 'data/config'));
  const elsewhere = project();
  write(elsewhere, 'jobs', 'other', job('rate: 1 day'));
  const other = devOn(dir, elsewhere);

  write(dir, 'jobs', 'broken', 'schedule: daily');
  const { problems } = await one.tells({ event: 'invalid' });
  expect(problems).toContainEqual(expect.stringMatching(/broken\.yml:1:1 schedule: expected an object/));
  expect(await other.ended).toBe(3);
  expect(other.errors()).toMatch(/^StoreUnavailable: another `dev` works on .*data/);
  expect(readlinkSync(join(dir, 'data/config'))).toBe(config);
  write(dir, 'jobs', 'broken', job('rate: 1 day'));
  expect(await one.tells({ event: 'files' })).toMatchObject({ created: ['broken'], updated: [], removed: [] });
  await one.tells({ event: 'started', job: 'broken' });

  process.kill(daemonOf(dir), 'SIGKILL');
  await one.tells({ event: 'service-back' });
  expect(one.told.filter(({ event }) => event === 'started')).toHaveLength(1);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

/** Creates the jobs' schedules on a service whose clock shows an earlier time, and closes it. */
const deployedAt = async (dir: string, then: number): Promise<void> => {
  const none = join(dir, 'none');
  const files = {
    jobs: join(dir, 'jobs'),
    scripts: join(dir, 'scripts'),
    holidays: dir,
    connections: none,
    tools: 'lib/tools',
  };
  const { jobs } = await readJobs(files);
  const clock = { now: () => then, wake: () => () => {} };
  const service = await nightshiftService(join(dir, 'data'), { functions: {}, definition: nowhere, clock });
  const client = new SchedulerClient(clientOptions(service.socket));
  await syncSchedules(jobs, client, new Date(then));
  client.destroy();
  await service.close();
};

test('passes over slots that were due while dev was not running, and the watchman catches up', async () => {
  const dir = project();
  const hourAgo = new Date(Math.floor(Date.now() / 60_000 - 60) * 60_000);
  write(dir, 'jobs', 'daily', job(`cron: ${hourAgo.getUTCMinutes()} ${hourAgo.getUTCHours()} * * ? *`));
  await deployedAt(dir, hourAgo.getTime() - 3_600_000);
  const dev = devOn(dir);
  const slot = slotAt(hourAgo);
  await dev.tells({ event: 'passed-over', job: 'daily', slotCount: 1, first: slot, last: slot });
  await dev.tells({ event: 'started', job: 'daily', slot, origin: 'watchman' });
  expect(dev.told.filter(({ event }) => event === 'fired')).toEqual([]);
});
