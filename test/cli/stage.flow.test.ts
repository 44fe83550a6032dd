import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalClient, openLocalClient } from '../../infra/cli/client/client.ts';
import { writeLocalConfig } from '../../infra/cli/client/local-config.ts';
import { loggingFunctions } from '../../infra/cli/client/log-lines.ts';
import { logs } from '../../infra/cli/command/logs.ts';
import { stop } from '../../infra/cli/command/stop.ts';
import { machineArn } from '../../infra/local/arn.ts';
import { ask } from '../../infra/local/daemon/service-socket.ts';
import { functionNames } from '../../infra/package/build.ts';
import { readJobs } from '../../lib/io/files/job-files.ts';
import { capturedTerminal } from '../kit/captured-terminal.ts';
import { commandOutput } from '../kit/command-json.ts';
import { isAlive } from '../kit/local-service.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'nightshift-stage-')));
const [data, infra] = [join(root, 'data'), join(root, 'infra')];
for (const name of ['jobs', 'scripts']) mkdirSync(join(infra, name), { recursive: true });
writeFileSync(join(infra, 'scripts/slow.yml'), 'attempts: [[{ text: Done., delaySeconds: 100 }]]');
writeFileSync(
  join(infra, 'jobs/slow.yml'),
  'schedule: { rate: 1 day }\nmodel: scripted/slow\nprompt: Go.\noverlap: allow\n',
);

const slot = '2026-11-22T07:00:00Z';
let local: LocalClient;
/** The requests to a simulated CloudWatch Logs, and its responses. */
const asked: Record<string, unknown>[] = [];
let refused = false;

const event = (run: string, at: number, more = {}) => {
  const line = { level: 'INFO', message: 'step committed', timestamp: new Date(at).toJSON(), run, attempt: 1, ...more };
  return { timestamp: at, message: JSON.stringify(line) };
};

/** Two pages for the attempt function, the first of them empty, as CloudWatch does; no group for the watchman. */
const filtered = (body: Record<string, string>): [status: number, answer: object] => {
  asked.push(body);
  if (refused) return [400, { __type: 'AccessDeniedException', message: 'no' }];
  const { logGroupName = '', nextToken } = body;
  if (logGroupName.endsWith('-watchman')) return [400, { __type: 'ResourceNotFoundException', message: 'no group' }];
  if (!logGroupName.endsWith('-attempt')) return [200, { events: [] }];
  if (nextToken === undefined) return [200, { events: [], nextToken: 'two' }];
  const run = /"(.*)"/.exec(body.filterPattern ?? '')?.[1] ?? '';
  const at = Number(body.endTime) - 1;
  return [
    200,
    { events: [event(run, at), event(run, at - 10, { step: 1 }), event('other', at), { message: 'no JSON' }] },
  ];
};

/** A stage on loopback: its table and state machine are the local service's, the rest of AWS is answered here. */
const aws = createServer((request, response) => {
  const answer = async (): Promise<[status: number, body: string]> => {
    const body = await text(request);
    if (request.url?.endsWith('/functions/nightshift-local-dispatch/configuration'))
      return [200, JSON.stringify({ Environment: { Variables: { NIGHTSHIFT_STATE_MACHINE_ARN: machineArn } } })];
    if (targetOf(request) === 'Logs_20140328.FilterLogEvents') {
      const [status, made] = filtered(JSON.parse(body));
      return [status, JSON.stringify(made)];
    }
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers as Record<string, string>;
    const passed = await ask(local.socket, { method: 'POST', path: request.url ?? '', headers, body });
    return [passed.status, passed.body];
  };
  void answer().then(([status, body]) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
  });
});
const targetOf = ({ headers }: IncomingMessage) => headers['x-amz-target'];

beforeAll(async () => {
  const files = {
    jobs: join(infra, 'jobs'),
    scripts: join(infra, 'scripts'),
    holidays: join(infra, 'holidays'),
    connections: join(infra, 'connections'),
    tools: '',
  };
  await writeLocalConfig(data, await readJobs(files));
  local = await openLocalClient(data, { resume: true });
  await new Promise<void>((resolve) => void aws.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  const shell = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-west-1' };
  for (const [name, value] of Object.entries(shell)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  local.close();
  aws.closeAllConnections();
  aws.close();
  const { readPresence } = await import('../../infra/local/daemon/presence.ts');
  const pid = readPresence(data)?.pid;
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const stage = { stage: 'local', region: 'eu-west-1', data };

test.each([
  ['here', { data }, 'one'],
  ['at a stage', stage, 'two'],
])('stop %s ends an open run as ExecutionAborted, and changes nothing the second time', async (_, target, suffix) => {
  const { run } = await local.dispatch({ job: 'slow', slot, suffix });
  const first = capturedTerminal();
  expect(await stop(run, { ...target, json: true }, data, first.out)).toBe(0);
  expect(commandOutput('stop', first.text())).toMatchObject({
    run,
    job: 'slow',
    status: 'failed',
    failure: 'ExecutionAborted',
    stopped: true,
  });
  const again = capturedTerminal();
  expect(await stop(run, { ...target, json: true }, data, again.out)).toBe(0);
  expect(commandOutput('stop', again.text())).toMatchObject({ failure: 'ExecutionAborted', stopped: false });
  const words = capturedTerminal();
  await stop(run, target, data, words.out);
  expect(words.text()).toMatch(/^slow_\S+ ended at \S+ \(failed: ExecutionAborted\)\. Nothing was stopped\.\n/);
});

test('stop refuses a run that is not there by name, also where no data is, and makes none', async () => {
  const unknown = { name: 'UnknownRun' };
  await expect(stop('slow_20200101T000000Z', { data }, data, capturedTerminal().out)).rejects.toMatchObject(unknown);
  const empty = join(root, 'empty');
  await expect(stop('slow_20200101T000000Z', { data: empty }, data, capturedTerminal().out)).rejects.toMatchObject(
    unknown,
  );
  await expect(logs('slow_20200101T000000Z', { data: empty, limit: 9 }, capturedTerminal().out)).rejects.toMatchObject(
    unknown,
  );
  expect(existsSync(empty)).toBe(false);
});

test('logs prints the lines of one run here, for people and for programs, the oldest first', async () => {
  const id = 'slow_20261122T070000Z_one';
  const told = capturedTerminal();
  expect(await logs(id, { data, limit: 1000 }, told.out)).toBe(0);
  expect(told.text()).toMatch(/^\S+Z {2}INFO {3}dispatch {2}run recorded {2}.*run|slot=/);
  const printed = capturedTerminal();
  expect(await logs(id, { data, limit: 1, json: true }, printed.out)).toBe(0);
  const { lines, more } = commandOutput('logs', printed.text());
  expect({ more, lines }).toMatchObject({ more: true, lines: [{ function: 'dispatch', message: 'run recorded' }] });
});

test('logs reads every page of the log groups of a stage, within the time of the run', async () => {
  expect(loggingFunctions.toSorted()).toEqual(functionNames.toSorted());
  const id = 'slow_20261122T070000Z_two';
  const printed = capturedTerminal();
  expect(await logs(id, { ...stage, limit: 10, json: true }, printed.out)).toBe(0);
  const { lines, more, from, to } = commandOutput('logs', printed.text());
  expect(more).toBe(false);
  expect(lines).toMatchObject([{ function: 'attempt', fields: { step: 1 } }, { function: 'attempt' }]);
  const groups = functionNames.map((name) => `/aws/lambda/nightshift-local-${name}`);
  expect(new Set(asked.map(({ logGroupName }) => logGroupName))).toEqual(new Set(groups));
  for (const one of asked)
    expect(one).toMatchObject({
      filterPattern: `{ $.run = "${id}" }`,
      startTime: Date.parse(from),
      endTime: Date.parse(to),
    });
  expect(asked.filter(({ nextToken }) => nextToken === 'two')).toHaveLength(1);
});

test('logs says that AWS refuses the caller', async () => {
  refused = true;
  const id = 'slow_20261122T070000Z_two';
  await expect(logs(id, { ...stage, limit: 10 }, capturedTerminal().out)).rejects.toMatchObject({
    name: 'Unauthorized',
  });
});
