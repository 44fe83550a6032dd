import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { CommandJson } from '../../infra/cli/contract/contract.ts';
import { type Connection, connect } from '../../infra/local/daemon/connect.ts';
import { commandOutput, errorOutput } from '../kit/command-json.ts';
import { isAlive } from '../kit/local-service.ts';
import { loopbackPort } from '../kit/loopback-port.ts';

const cli = fileURLToPath(new URL('../../infra/cli/nightshift.mjs', import.meta.url));
const root = realpathSync(mkdtempSync(join(tmpdir(), 'nightshift-cli-')));
const shared = join(root, 'shared');
const infra = join(root, 'infra');
const slowly = join(root, 'slowly');

const declare = (dir: string, kind: 'jobs' | 'scripts', name: string, content: string): void => {
  mkdirSync(join(dir, kind), { recursive: true });
  writeFileSync(join(dir, kind, `${name}.yml`), content);
};

const job = (script: string, more = '') => `schedule: { rate: 1 day, timezone: Asia/Tokyo }
model: scripted/${script}
prompt: Write the report of \${date}.
retry: { firstDelaySeconds: 0.1 }
${more}`;

declare(infra, 'jobs', 'report', job('report', 'tools: [list_runs]'));
declare(
  infra,
  'scripts',
  'report',
  `attempts:
  - [{ text: Looking., tools: [{ name: list_runs }] }, { error: { name: ModelUnavailable, message: overloaded } }]
  - [{ text: Looking., tools: [{ name: list_runs }] }, { text: All is well. }]`,
);
const typed = job('typed', 'result: { type: object }').replace('rate: 1 day', 'cron: 0 7 * * ? 2199');
declare(infra, 'jobs', 'typed', typed);
declare(infra, 'scripts', 'typed', `attempts: [[{ text: '{"n": 7}', delaySeconds: 1 }]]`);
// Their model answers late, so that a command is stopped while its run is open, also on a busy machine.
for (const [name, delaySeconds] of [
  ['slow', 5],
  ['endless', 600],
]) {
  declare(slowly, 'jobs', `${name}`, job(`${name}`));
  declare(slowly, 'scripts', `${name}`, `attempts: [[{ text: Late., delaySeconds: ${delaySeconds} }]]`);
}
declare(infra, 'scripts', 'locked', 'attempts: [[{ error: { name: Unauthorized, message: no such key } }]]');

/** Ends the daemon of a data directory, so that nothing outlives the tests. */
const endDaemon = (data: string): void => {
  const file = join(data, 'service.json');
  const pid = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).pid : undefined;
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
};

/** A client beside the commands, which keeps their daemon up from one to the next. */
let beside: Connection;

beforeAll(async () => {
  beside = await connect(shared, { config: join(shared, 'config') });
});

afterAll(() => {
  beside.close();
  for (const data of ['shared', 'killed', 'lost']) endDaemon(join(root, data));
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const started = (args: string[], env: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });

const nightshift = async (args: string[], env: Record<string, string> = {}) => {
  const child = started(args, env);
  const [out, err, [exitCode]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close'),
  ]);
  return {
    out,
    err,
    exitCode,
    json: <Name extends keyof CommandJson>(name: Name) => commandOutput(name, out),
  };
};

const here = (data = shared): string[] => ['--data', data];
const slot = '2026-11-21T15:00:00Z';
const id = 'report_20261121T150000Z_manual';

test('runs a job to its outcome: the model fails, a second attempt starts clean and succeeds', async () => {
  const shell = { AWS_PROFILE: 'of-nobody' };
  const { out, err, exitCode } = await nightshift(
    ['run', 'report', '--slot', slot, '--infra', infra, ...here()],
    shell,
  );
  expect({ err, exitCode }).toEqual({ err: '', exitCode: 0 });
  const told = [
    /slot {3}Sunday 2026-11-22 00:00 Asia\/Tokyo {2}\(2026-11-21T15:00:00Z\)/,
    new RegExp(`run {4}${id}`),
    /\d s {2}attempt 1\n/,
    /\d s {4}step 1 {2}model .* · \d+ tokens · \$0\n/,
    /“Looking\.”\n/,
    /✓ list_runs/,
    /✗ ModelUnavailable: overloaded\n.*waits \d s, then attempt 2\n/,
    /attempt 2 {2}starts clean: its first prompt is that of attempt 1, to the letter\n/,
    /final answer/,
    /✓ succeeded after 2 attempts of at most 4/,
    /\nAll is well\.\n/,
    new RegExp(`npx nightshift show ${id} --data ${shared}`),
  ];
  for (const line of told) expect(out).toMatch(line);
  expect(out).not.toContain('\u001b');
});

test('lists that run, for programs and for people', async () => {
  const { json, exitCode } = await nightshift(['runs', '--json', ...here()]);
  expect(exitCode).toBe(0);
  expect(json('runs')).toEqual([
    expect.objectContaining({ run: id, job: 'report', slot, status: 'succeeded', failure: null, attempts: 2, usd: 0 }),
  ]);
  const { out } = await nightshift(['runs', '--job', 'report', ...here()]);
  expect(out.split('\n')[1]).toMatch(/^Sun 2026-11-22 00:00 {2}report_\S+ {2}succeeded +2 +\d.* \$0$/);
});

test('shows its attempts with a session each, the second of which began as the first did', async () => {
  const shown = (await nightshift(['show', id, '--json', ...here()])).json('show');
  expect(shown).toMatchObject({
    run: id,
    job: 'report',
    status: 'succeeded',
    attempts: 2,
    declaration: { name: 'report' },
  });
  const [first, second] = shown.history;
  expect(first).toMatchObject({ attempt: 1, failure: 'ModelUnavailable', delaySeconds: expect.any(Number) });
  expect(first?.prompt).toEqual({ prompt: 'Write the report of 2026-11-22.' });
  expect(second?.prompt).toEqual(first?.prompt);
  expect([first?.session.length, second?.session.length]).toEqual([1, 2]);
  expect(second?.session[0]?.usage.inputTokens).toBe(first?.session[0]?.usage.inputTokens);
  expect(shown.result).toBe('All is well.');
  const { out } = await nightshift(['show', id, ...here()]);
  expect(out).toMatch(/first prompt\n {2}user\n {4}Write the report of 2026-11-22\.\n/);
  expect(out).toMatch(/→ list_runs {}\n {4}← ok\n {6}{"totals"/);
  expect(out).toMatch(/attempt 2 .* the same first prompt/);
});

test('starts nothing for a slot that has its run, and shows that one', async () => {
  const again = ['run', 'report', '--slot', slot, '--infra', infra, '--json', ...here()];
  const { json, err, exitCode } = await nightshift(again);
  expect(exitCode).toBe(0);
  expect(err).toMatch(/^duplicate: this slot already has its run; nothing was started\.\n/);
  expect(json('run')).toMatchObject({ run: id, attempts: 2, result: 'All is well.' });
});

test("delivers a slot just as its schedule would, without a person's suffix", async () => {
  const scheduled = ['run', 'typed', '--scheduled', '--infra', infra, ...here()];
  const due = `${new Date(Date.now() - 60_000).toJSON().slice(0, 19)}Z`;
  const { json, err, exitCode } = await nightshift([...scheduled, '--slot', due, '--json']);
  expect(exitCode).toBe(0);
  expect(err).toContain(`${due} is no slot of typed by its job file`);
  expect(json('run')).toMatchObject({ run: `typed_${due.replaceAll(/[-:]/g, '')}`, slot: due });
  const without = await nightshift(scheduled);
  expect(without).toMatchObject({ exitCode: 2, err: 'InvalidSlot: --scheduled: needs --slot, the slot to deliver\n' });
  const both = await nightshift([...scheduled, '--slot', due, '--suffix', 'again']);
  expect(both).toMatchObject({ exitCode: 2, err: expect.stringContaining('cannot be used with option') });
});

test('ends with 1 when the run failed, and says why it was not tried again', async () => {
  const args = ['run', 'report', '--model', 'scripted/locked', '--suffix', 'locked', '--infra', infra, ...here()];
  const { out, exitCode } = await nightshift(args);
  expect(exitCode).toBe(1);
  expect(out).toMatch(/✗ Unauthorized: no such key\n.*gives up: Unauthorized is not tried again\n/);
  expect(out).toMatch(/✗ failed after 1 attempt of at most 4: Unauthorized/);
});

test('reads a stage through the same words as the local service', async () => {
  const { origin, close } = await loopbackPort(beside.socket);
  onTestFinished(close);
  const aws = {
    AWS_ENDPOINT_URL: origin,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'eu-west-1',
  };
  const { json } = await nightshift(['runs', '--stage', 'local', '--job', 'report', '--json'], aws);
  expect(json('runs').map(({ status }) => status)).toEqual(['failed', 'succeeded']);
  const missing = await nightshift(['runs', '--stage', 'nowhere'], aws);
  expect(missing).toMatchObject({ exitCode: 3, out: '' });
  expect(missing.err).toMatch(
    /^TableMissing: there is no table nightshift-nowhere.*\nAsked: stage nowhere in eu-west-1/s,
  );
  const unknown = await nightshift(['run', 'report', '--stage', 'nowhere', '--infra', infra], aws);
  expect(unknown).toMatchObject({ exitCode: 3, out: '' });
  expect(unknown.err).toMatch(/^StoreUnavailable: there is no function nightshift-nowhere-dispatch/);
});

test('finishes the run whose command was killed, and another command sees its end', async () => {
  const data = join(root, 'killed');
  const args = ['run', 'typed', '--slot', slot, '--infra', infra, ...here(data)];
  const child = started(args);
  for await (const chunk of child.stdout ?? []) if (String(chunk).includes('attempt 1')) break;
  child.kill('SIGKILL');
  const listed = async () => (await nightshift(['runs', '--json', ...here(data)])).json('runs')[0];
  await expect.poll(async () => (await listed())?.status).toBe('succeeded');
  expect(await listed()).toMatchObject({ run: 'typed_20261121T150000Z_manual', attempts: 1, steps: 1 });
  const { out } = await nightshift(['show', 'typed_20261121T150000Z_manual', ...here(data)]);
  expect(out).toMatch(/\nresult\n{\n {2}"n": 7\n}\n$/);
});

test('stops watching on Ctrl-C, and says how to look at the run, which goes on', async () => {
  const child = started(['run', 'endless', '--infra', slowly, ...here(join(root, 'killed'))]);
  let out = '';
  child.stdout?.on('data', (chunk) => {
    if (!out.includes('attempt 1') && `${out}${chunk}`.includes('attempt 1')) child.kill('SIGINT');
    out += chunk;
  });
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(130);
  expect(out).toMatch(/Stopped watching\. The run goes on; to look at it:\n {2}npx nightshift show endless_\S+_manual/);
  expect(out).not.toContain('succeeded');
});

test('reports that a run waits after its service was killed, and only the next run command continues it', async () => {
  const data = join(root, 'lost');
  const again = ['run', 'slow', '--slot', slot, '--infra', slowly, ...here(data)];
  const child = started(again);
  let out = '';
  child.stdout?.on('data', (chunk) => {
    if (!out.includes('attempt 1') && `${out}${chunk}`.includes('attempt 1')) endDaemon(data);
    out += chunk;
  });
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(3);
  expect(out).toMatch(/Stopped watching\. The local service has ended; the run goes on with the next `run` or `dev`;/);
  const listed = await nightshift(['runs', ...here(data)]);
  expect(listed.out).toMatch(/open .*\n1 open run waits for the next `run` command\.\n$/);
  expect((await nightshift(['show', 'slow_20261121T150000Z_manual', ...here(data)])).out).toContain('1 open run waits');
  expect((await nightshift(again)).exitCode).toBe(0);
});

test('hides the result of a run from later runs, and shows it again', async () => {
  const forget = async (...more: string[]) => (await nightshift(['forget', id, ...more, ...here()])).out;
  expect(await forget('--by', 'ana')).toContain(`The result of ${id} is forgotten: later runs do not see it.`);
  expect(await forget()).toContain('was forgotten already, by ana');
  expect((await nightshift(['show', id, ...here()])).out).toContain('forgotten by ana on ');
  expect((await nightshift(['runs', ...here()])).out).toContain('succeeded, forgotten');
  const undone = await nightshift(['forget', id, '--undo', '--json', ...here()]);
  expect(undone.json('forget')).toMatchObject({ run: id, status: 'succeeded', forgotten: null, changed: true });
  expect(await forget('--undo')).toContain('was not forgotten');
});

test.each(['run', 'runs'])('ends with 3 and a sentence where %s has no directory to work in', async (command) => {
  const data = join(root, 'file');
  writeFileSync(data, '');
  const args = command === 'run' ? ['run', 'report', '--infra', infra] : [command];
  const { out, err, exitCode } = await nightshift([...args, ...here(data)]);
  expect({ out, exitCode }).toEqual({ out: '', exitCode: 3 });
  const code = command === 'run' ? 'EEXIST' : 'ENOTDIR';
  const remedy = `name another directory with --data, or move the file away (${code})`;
  expect(err).toBe(`StoreUnavailable: the data directory ${data} is a file or lies below one: ${remedy}\n`);
});

test('stops at job files that are wrong, with every problem, before it makes anything', async () => {
  const bad = join(root, 'bad');
  declare(bad, 'jobs', 'one', 'schedule: { cron: 0 7 * * * }\nmodel: scripted/none\nprompt: x\n');
  declare(bad, 'jobs', 'two', 'schedule: { rate: 1 day }\nmodel: scripted/none\nprompt: x\ntools: [hammer]\nmore: 1\n');
  const data = join(root, 'never');
  const run = await nightshift(['run', 'one', '--infra', bad, ...here(data)]);
  expect(run).toMatchObject({ exitCode: 2, out: '' });
  expect(existsSync(data)).toBe(false);
  const checked = await nightshift(['check', '--infra', bad]);
  expect(checked).toMatchObject({ exitCode: 2, out: '', err: run.err });
  for (const place of ['one.yml:1:13 schedule.cron', 'two.yml:4:9 tools.0', 'two.yml:5:1 more']) {
    expect(checked.err).toContain(place);
  }
  const { json, exitCode } = await nightshift(['check', '--infra', bad, '--json']);
  expect({ exitCode, problems: json('check').problems.length >= 3 }).toEqual({ exitCode: 2, problems: true });
  expect(await nightshift(['check', '--infra', infra])).toMatchObject({ exitCode: 0, out: '2 jobs are good.\n' });
});

test.each([
  [['run', 'repport', '--infra', infra], /^UnknownJob: there is no job "repport", expected one of: report, typed\n/],
  [
    ['run', 'report', '--infra', infra, '--model', 'gpt'],
    /^UnknownModel: --model: found "gpt", expected one of anthropic/,
  ],
  [
    ['run', 'report', '--infra', infra, '--slot', 'noon'],
    /^InvalidSlot: --slot: found "noon", must be an instant like/,
  ],
  [['run', 'report', '--infra', infra, '--suffix', 'A B'], /^InvalidEvent: --suffix: found "A B", must be 1 to 20 of/],
  [['show', 'report_20200101T000000Z'], /^UnknownRun: there is no run report_20200101T000000Z/],
  [['show', 'yesterday'], /^UnknownRun: there is no run "yesterday": a run id looks like/],
  [['runs', '--job', 'repport', '--infra', infra], /^UnknownJob: there is no job "repport"/],
  [['runs', '--days', 'many'], /'--days <n>' argument 'many' is invalid. Expected a whole number/],
  [['rnu'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
])('answers %j with what was expected, exit code 2, and no data', async (args, expected) => {
  const data = join(root, 'nothing');
  const { err, out, exitCode } = await nightshift(args[0] === 'rnu' ? args : [...args, ...here(data)]);
  expect({ out, exitCode }).toEqual({ out: '', exitCode: 2 });
  expect(err).toMatch(expected);
  expect(existsSync(data)).toBe(false);
});

test('says honestly that there are no runs yet, and reading makes no data', async () => {
  const data = join(root, 'empty');
  const { out, exitCode } = await nightshift(['runs', ...here(data)]);
  expect({ out, exitCode }).toEqual({ out: 'No runs in the last 7 days; `npm start` makes one.\n', exitCode: 0 });
  expect(await nightshift(['runs', '--json', ...here(data)])).toMatchObject({ out: '[]\n', exitCode: 0 });
  expect(existsSync(data)).toBe(false);
});

test('ends with 3 and a sentence where AWS refuses the credentials', async () => {
  const refusing = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'UnrecognizedClientException', message: 'The security token is invalid' }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void refusing.close());
  await once(refusing, 'listening');
  const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
  const aws = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-west-1' };
  const { err, exitCode } = await nightshift(['show', 'report_20200101T000000Z', '--stage', 'dev'], aws);
  expect(exitCode).toBe(3);
  expect(err).toMatch(/^Unauthorized: table nightshift-dev.*\nAWS did not accept the credentials, or there are none\./);
});

test.each([
  [['rnu'], 'InvalidOption', /^unknown command 'rnu'/],
  [['runs', '--stagee', 'x'], 'InvalidOption', /^unknown option '--stagee'\n\(Did you mean --stage\?\)/],
  [['runs', '--days', 'many'], 'InvalidOption', /Expected a whole number/],
  [['show', 'report_20200101T000000Z'], 'UnknownRun', /^there is no run report_20200101T000000Z/],
  [['stop', 'yesterday'], 'UnknownRun', /^there is no run "yesterday"/],
])('prints the error of %j under --json as one line of JSON, with the same exit code', async (args, name, message) => {
  const where = name === 'UnknownRun' ? here(join(root, 'nothing')) : [];
  const { out, err, exitCode } = await nightshift([...args, '--json', ...where]);
  expect({ err, exitCode }).toEqual({ err: '', exitCode: 2 });
  expect(errorOutput(out)).toMatchObject({ name, message: expect.stringMatching(message) });
});

test('says that npm took an option for itself, and does nothing', async () => {
  const { out, exitCode } = await nightshift(['check'], { npm_lifecycle_event: 'nightshift', npm_config_json: 'true' });
  expect(exitCode).toBe(2);
  expect(errorOutput(out).message).toBe('npm took --json for itself, so nightshift did not get it');
});

test('prints its version, for programs with the version of its JSON', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(await nightshift(['--version'])).toMatchObject({ out: `${version}\n`, exitCode: 0 });
  const { json, exitCode } = await nightshift(['--version', '--json']);
  expect({ exitCode, told: json('version') }).toEqual({ exitCode: 0, told: { version, contract: 1 } });
});
