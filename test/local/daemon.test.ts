import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bundleCache } from '../../infra/local/daemon/bundle-cache.ts';
import { type ConnectOptions, connect, type Setup } from '../../infra/local/daemon/connect.ts';
import { ask, openRequest } from '../../infra/local/daemon/service-socket.ts';
import { handler, invoke, isAlive, lines, machine, oneTask } from '../kit/local-service.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

type Connection = Awaited<ReturnType<typeof connect>>;

/** Connects to a daemon that has no functions unless `setup` adds some. The end of the test kills a daemon that still runs. */
const connected = async (dir: string, setup: Setup = {}, options: ConnectOptions = {}): Promise<Connection> => {
  const defaults = {
    idleMs: 500,
    functions: {},
    definition: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } }),
  };
  const connection = await connect(join(dir, 'data'), { ...defaults, ...setup }, options);
  onTestFinished(async () => {
    connection.close();
    if (isAlive(connection.pid)) process.kill(connection.pid, 'SIGKILL');
    await expect.poll(() => isAlive(connection.pid)).toBe(false);
  });
  return connection;
};

const modeOf = (path: string): number => statSync(path).mode & 0o777;

const calls = (dir: string): unknown[] => (existsSync(join(dir, 'told')) ? lines(join(dir, 'told')) : []);

test('two clients that connect at once share one daemon', async () => {
  const dir = temporaryDirectory();
  const [one, two] = await Promise.all([connected(dir), connected(dir)]);
  expect(two).toMatchObject({ pid: one.pid, socket: one.socket });
  expect(one.env).toMatchObject({ NIGHTSHIFT_SOCKET: one.socket, NIGHTSHIFT_STAGE: 'local' });
  two.close();
  const { executionArn } = await machine(one).start('run', { a: 1 });
  expect((await machine(one).ended(executionArn)).status).toBe('SUCCEEDED');
});

test('the daemon ends when no client is left and nothing runs, and keeps its data', async () => {
  const dir = temporaryDirectory();
  const first = await connected(dir);
  const { executionArn } = await machine(first).start('run', { a: 1 });
  await machine(first).ended(executionArn);
  first.close();
  await expect.poll(() => isAlive(first.pid)).toBe(false);
  expect(existsSync(join(dir, 'data/service.json'))).toBe(false);
  const second = await connected(dir);
  expect(second.pid).not.toBe(first.pid);
  expect(await machine(second).ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
});

test('the daemon finishes an execution after its last client has disconnected', async () => {
  const dir = temporaryDirectory();
  const body = `await new Promise((resolve) => setTimeout(resolve, 1500)); writeFileSync(dir + '/done', '');`;
  const setup = { functions: { only: handler(dir, 'only', body) }, definition: oneTask(), idleMs: 200 };
  const { pid, socket, env, close } = await connected(dir, setup);
  await machine({ socket, env }).start('run');
  close();
  await expect.poll(() => isAlive(pid)).toBe(false);
  expect(existsSync(join(dir, 'done'))).toBe(true);
});

test('a new daemon continues an execution during which the daemon was killed', async () => {
  const dir = temporaryDirectory();
  const body = `appendFileSync(dir + '/told', JSON.stringify(process.pid) + '\\n'); await until(() => existsSync(dir + '/go')); return event;`;
  const setup = { functions: { only: handler(dir, 'only', body) }, definition: oneTask() };
  const first = await connected(dir, setup);
  const { executionArn } = await machine(first).start('run', { a: 1 });
  await expect.poll(() => calls(dir).length).toBe(1);
  process.kill(first.pid, 'SIGKILL');
  await expect.poll(() => isAlive(Number(calls(dir)[0]))).toBe(false);
  writeFileSync(join(dir, 'go'), '');
  const second = await connected(dir, setup);
  expect(second.pid).not.toBe(first.pid);
  expect(await machine(second).ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
  expect(calls(dir)).toHaveLength(2);
});

test("the daemon resumes open executions when a client with resume connects, with that client's keys", async () => {
  const dir = temporaryDirectory();
  const body = `appendFileSync(dir + '/told', JSON.stringify(process.env.ANTHROPIC_API_KEY ?? null) + '\\n');
    await until(() => existsSync(dir + '/go')); return event;`;
  const setup = { functions: { only: handler(dir, 'only', body) }, definition: oneTask() };
  const shell = (key?: string) => ({ PATH: process.env.PATH, ...(key && { ANTHROPIC_API_KEY: key }) });
  const first = await connected(dir, setup, { env: shell('one') });
  const { executionArn } = await machine(first).start('run', { a: 1 });
  await expect.poll(() => calls(dir)).toEqual(['one']);
  expect(first).toMatchObject({ waiting: 0, lost: false });
  process.kill(first.pid, 'SIGKILL');
  await expect.poll(() => first.lost).toBe(true);
  writeFileSync(join(dir, 'go'), '');
  const reader = await connected(dir, setup, { env: shell(), resume: false });
  expect(reader.waiting).toBe(1);
  expect(calls(dir)).toEqual(['one']);
  const second = await connected(dir, setup, { env: shell('two') });
  expect(second).toMatchObject({ pid: reader.pid, waiting: 0 });
  expect((await machine(second).ended(executionArn)).status).toBe('SUCCEEDED');
  expect(calls(dir)).toEqual(['one', 'two']);
});

test('a client shares a busy daemon of other code, with or without another client', async () => {
  const dir = temporaryDirectory();
  const body = `appendFileSync(dir + '/told', '1\\n'); await until(() => existsSync(dir + '/go')); return event;`;
  const setup = { functions: { only: handler(dir, 'only', body) }, definition: oneTask() };
  const first = await connected(dir, setup);
  const { executionArn } = await machine(first).start('run', { a: 1 });
  await expect.poll(() => calls(dir).length).toBe(1);
  first.close();
  const second = await connected(dir, { ...setup, config: '/elsewhere' });
  expect(second.pid).toBe(first.pid);
  writeFileSync(join(dir, 'go'), '');
  expect((await machine(second).ended(executionArn)).status).toBe('SUCCEEDED');
  expect(calls(dir)).toEqual([1]);
});

test('the daemon keeps its bundles while it runs', async () => {
  const dir = await bundleCache();
  await connected(temporaryDirectory());
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(dir, hourAgo, hourAgo);
  await expect.poll(() => statSync(dir).mtimeMs).toBeGreaterThan(hourAgo.getTime());
});

test('the daemon ends when its directory is removed', async () => {
  const dir = temporaryDirectory();
  const { pid } = await connected(dir);
  rmSync(join(dir, 'data'), { recursive: true, force: true, maxRetries: 5 });
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a daemon killed right after StartExecution calls loses none of the executions', async () => {
  const dir = temporaryDirectory();
  const setup = { functions: { only: handler(dir, 'only', 'return event;') }, definition: oneTask() };
  const arns: (string | undefined)[] = [];
  for (const name of ['one', 'two', 'three']) {
    const connection = await connected(dir, setup);
    arns.push((await machine(connection).start(name, { name })).executionArn);
    process.kill(connection.pid, 'SIGKILL');
  }
  const last = machine(await connected(dir, setup));
  const ends = await Promise.all(arns.map((arn) => last.ended(arn)));
  expect(ends.map(({ status, output }) => [status, output])).toEqual(
    ['one', 'two', 'three'].map((name) => ['SUCCEEDED', JSON.stringify({ name })]),
  );
});

test('the daemon drops a client that was killed', async () => {
  const dir = temporaryDirectory();
  const mine = await connected(dir);
  const module = import.meta.resolve('../../infra/local/daemon/connect.ts');
  const setup = {
    functions: {},
    definition: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } }),
  };
  const script = `const { connect } = await import(${JSON.stringify(module)});
    const { pid } = await connect(${JSON.stringify(join(dir, 'data'))}, ${JSON.stringify(setup)});
    console.log(pid); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void other.kill('SIGKILL'));
  const [said] = await once(other.stdout, 'data');
  expect(Number(said)).toBe(mine.pid);
  mine.close();
  const gone = once(other, 'exit');
  expect(isAlive(mine.pid)).toBe(true);
  other.kill('SIGKILL');
  await gone;
  await expect.poll(() => isAlive(mine.pid)).toBe(false);
});

/** A server on a socket in a new directory, and how often it was connected to. It answers as a daemon would. */
const stranger = async (presence: object, mode: number) => {
  const dir = temporaryDirectory();
  const socket = join(dir, 'service.sock');
  let connections = 0;
  const server = createServer((_, response) => response.end(JSON.stringify({ ...presence, socket })))
    .on('connection', () => {
      connections += 1;
    })
    .listen(socket);
  onTestFinished(() => void server.close().closeAllConnections());
  await once(server, 'listening');
  chmodSync(dir, mode);
  return { socket, asked: () => connections > 0 };
};

test.each([
  ['asks another server of its user who it is, and goes on without it', 0o700, true],
  ['tells nothing to a server whose socket others could have put there', 0o755, false],
])('a client of a dead daemon %s', async (_, mode, isAsked) => {
  const dir = temporaryDirectory();
  const first = await connected(dir);
  const presence = JSON.parse(readFileSync(join(dir, 'data/service.json'), 'utf8'));
  process.kill(first.pid, 'SIGKILL');
  await expect.poll(() => isAlive(first.pid)).toBe(false);
  const other = await stranger(isAsked ? {} : presence, mode);
  writeFileSync(join(dir, 'data/service.json'), JSON.stringify({ ...presence, socket: other.socket }));
  const second = await connected(dir);
  expect(second.socket).not.toBe(other.socket);
  expect((await invoke(second.socket, 'missing')).status).toBe(404);
  expect(other.asked()).toBe(isAsked);
});

test('the daemon takes from a client only what the handlers need, and refuses what is no environment', async () => {
  const dir = temporaryDirectory();
  const setup = { functions: { only: handler(dir, 'only', 'return process.env;') } };
  const { socket } = await connected(dir, setup, { env: { PATH: '/its/own' } });
  const hostile = {
    NODE_OPTIONS: '--import=data:text/javascript,process.exit(9)',
    NODE_PATH: dir,
    LD_PRELOAD: join(dir, 'other.so'),
    DYLD_INSERT_LIBRARIES: join(dir, 'other.dylib'),
    PATH: dir,
    HOME: dir,
    NIGHTSHIFT_SOCKET: join(dir, 'other.sock'),
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
  };
  const body = JSON.stringify({ ...hostile, ANTHROPIC_API_KEY: 'brought' });
  const lease = await openRequest(socket, { method: 'POST', path: '/lease', body });
  onTestFinished(() => void lease.destroy());
  const { payload } = await invoke(socket, 'only');
  expect(payload).toMatchObject({ ANTHROPIC_API_KEY: 'brought', PATH: '/its/own', NIGHTSHIFT_SOCKET: socket });
  for (const [name, value] of Object.entries(hostile)) expect(payload[name], name).not.toBe(value);
  for (const wrong of ['', '{', '7', '[]', '{"ANTHROPIC_API_KEY":7}'])
    expect(await ask(socket, { method: 'POST', path: '/lease', body: wrong }), wrong).toMatchObject({ status: 400 });
});

test('the daemon is reached through a socket for its user alone, also where the path of its directory is too long for one', async () => {
  const dir = temporaryDirectory();
  for (const home of [dir, join(dir, 'long'.repeat(30))]) {
    const { socket, env } = await connected(home);
    expect(statSync(socket).isSocket()).toBe(true);
    expect([socket, dirname(socket), join(home, 'data'), join(home, 'data/service.json')].map(modeOf)).toEqual([
      0o600, 0o700, 0o700, 0o600,
    ]);
    expect(env.AWS_ENDPOINT_URL_DYNAMODB).toMatch(/\.invalid$/);
  }
});

test('a socket of the daemon outside its directory is gone after it has ended', async () => {
  const home = join(temporaryDirectory(), 'long'.repeat(30));
  const { socket, pid, close } = await connected(home);
  expect(dirname(socket)).not.toBe(join(home, 'data'));
  close();
  await expect.poll(() => isAlive(pid)).toBe(false);
  expect(existsSync(dirname(socket))).toBe(false);
});

test('the daemon ends when its socket is removed', async () => {
  const { socket, pid } = await connected(temporaryDirectory());
  rmSync(socket);
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a client replaces an idle daemon of other code, and shares a daemon that another client uses', async () => {
  const dir = temporaryDirectory();
  const first = await connected(dir);
  const shared = await connected(dir, { config: '/elsewhere' });
  expect(shared.pid).toBe(first.pid);
  first.close();
  shared.close();
  const again = async () => {
    const { pid, close } = await connected(dir, { config: '/elsewhere' });
    close();
    return pid;
  };
  await expect.poll(again).not.toBe(first.pid);
});

test("the daemon gives a client's own keys to the handlers, also when it ran before", async () => {
  const dir = temporaryDirectory();
  const setup = {
    functions: { only: handler(dir, 'only', 'return [process.env.ANTHROPIC_API_KEY, process.env.OTHER];') },
  };
  const shell = (key: string) => ({ PATH: process.env.PATH, ANTHROPIC_API_KEY: key, OTHER: 'not theirs' });
  const first = await connected(dir, setup, { env: shell('one') });
  expect((await invoke(first.socket, 'only')).payload).toEqual(['one', null]);
  const second = await connected(dir, setup, { env: shell('two') });
  expect(second.pid).toBe(first.pid);
  expect((await invoke(second.socket, 'only')).payload).toEqual(['two', null]);
});

test('a client reports a daemon that does not start with the end of its log', async () => {
  const dir = temporaryDirectory();
  const attempt = connected(dir, { definition: '{"StartAt":"Nowhere","States":{}}' });
  await expect(attempt).rejects.toMatchObject({ name: 'StoreUnavailable' });
  await expect(attempt).rejects.toThrow(/service\.log.*State machine definition is invalid/s);
});

test('a client reports a daemon whose table is damaged or missing', async () => {
  const dir = temporaryDirectory();
  const { pid } = await connected(dir);
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
  const table = join(dir, 'data/table');
  writeFileSync(join(table, 'CURRENT'), '');
  await expect(connected(dir)).rejects.toThrow(/service\.log.*the table in .* cannot be opened; move it away/s);
  rmSync(table, { recursive: true });
  await expect(connected(dir)).rejects.toThrow(/service\.log.*the table in .* is gone/s);
});

test('a client fails as StoreUnavailable if the data directory is a file', async () => {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'data'), 'a file');
  await expect(connected(dir)).rejects.toMatchObject({ name: 'StoreUnavailable', cause: { code: 'EEXIST' } });
});
