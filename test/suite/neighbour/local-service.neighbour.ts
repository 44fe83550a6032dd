import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect, type Setup } from '../../../infra/local/daemon/connect.ts';
import { handler, invoke, isAlive } from '../../kit/local-service.ts';
import { temporaryDirectory } from '../../kit/temporary-directory.ts';
import { neighbour, publicDirectory, tried } from './neighbour.ts';

const key = 'sk-the-developers-own';
const shell = { PATH: process.env.PATH, ANTHROPIC_API_KEY: key };
const definition = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });

/** The developer's connection. Its one function tells the key that it was given. */
const developer = async (data: string) => {
  const functions = { only: handler(temporaryDirectory(), 'only', 'return process.env.ANTHROPIC_API_KEY;') };
  const setup: Setup = { functions, definition, idleMs: 500 };
  const connection = await connect(data, setup, { env: shell });
  onTestFinished(async () => {
    connection.close();
    if (isAlive(connection.pid)) process.kill(connection.pid, 'SIGKILL');
    await expect.poll(() => isAlive(connection.pid)).toBe(false);
  });
  return connection;
};

const killed = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
};

/** Everything that a user without rights may try with a data directory (a), its socket (b) and the daemon's process (c). */
const intrude = `
const lease = JSON.stringify({ NODE_OPTIONS: '--import=data:text/javascript,0', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' });
const ask = (path, body) => new Promise((resolve) => {
  request({ socketPath: b, path, method: 'POST', agent: false }, (response) => resolve('answered ' + response.statusCode))
    .on('error', (error) => resolve(error.code)).end(body);
});
const bind = () => new Promise((resolve) => {
  createServer().on('error', (error) => resolve(error.code)).listen(b, () => resolve('listens'));
});
const done = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
const results = {
  list: done(() => readdirSync(a)),
  presence: done(() => readFileSync(a + '/service.json')),
  log: done(() => readFileSync(a + '/service.log')),
  plant: done(() => writeFileSync(a + '/queue/planted.json', '{}')),
  rename: done(() => renameSync(a, a + '.moved')),
  widen: done(() => chmodSync(a, 0o777)),
  lookAtSocket: done(() => statSync(b)),
  removeSocket: done(() => rmSync(b)),
  lease: await ask('/lease', lease),
  invoke: await ask('/2015-03-31/functions/only/invocations', '{}'),
  read: await ask('/', '{}'),
  leave: await ask('/leave', ''),
  bind: await bind(),
  environment: c === '' ? 'EACCES' : done(() => readFileSync('/proc/' + c + '/environ')),
};
say(results);
process.exit(0);
`;

/** A server of the neighbour at b/service.sock, which answers as the daemon of a would, and prints all that it is told. */
const impersonate = `
mkdirSync(b, { recursive: true });
const socket = b + '/service.sock';
const presence = { dir: a, socket, pid: Number(c), code: 'theirs' };
createServer(async (request, response) => {
  const body = [];
  for await (const chunk of request) body.push(chunk);
  say({ told: request.method + ' ' + request.url, body: Buffer.concat(body).toString() });
  response.writeHead(200).end(JSON.stringify(presence));
}).on('connection', () => say('connection')).listen(socket, () => {
  chmodSync(socket, 0o777);
  chmodSync(b, 0o700);
  say('listens');
});
`;

const denied = expect.stringMatching(/^E(ACCES|PERM)$/);
const allDenied = Object.fromEntries(
  [
    ...['list', 'presence', 'log', 'plant', 'rename', 'widen', 'lookAtSocket', 'removeSocket'],
    ...['lease', 'invoke', 'read', 'leave', 'bind', 'environment'],
  ].map((name) => [name, denied]),
);

/** What a descriptor of another process is, or nothing where that process closed it since it was listed. */
const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return '';
    throw thrown;
  }
};

/** The inodes of the sockets that a process and its children hold. */
const socketsOf = (pid: number): string[] => {
  const own = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
    return inode === undefined ? [] : [inode];
  });
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [...own, ...children.flatMap((child) => socketsOf(Number(child)))];
};

/** The inodes of the machine's sockets that listen on a port. */
const listening = (): string[] =>
  ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => kind.startsWith('udp') || state === '0A')
      .map((words) => words[9] ?? ''),
  );

const command = (data: string): Promise<{ code: number; err: string }> => {
  const cli = resolve('infra/cli/nightshift.mjs');
  const env = { ...process.env, ANTHROPIC_API_KEY: key };
  return new Promise((done) => {
    execFile(process.execPath, [cli, 'run', 'night-report', '--data', data], { env }, (error, _, err) =>
      done({ code: Number(error?.code ?? 0), err }),
    );
  });
};

describe('the local service on a shared machine', () => {
  test.each([
    ['0700', 0o700, ''],
    ['0755, which is closed', 0o755, ''],
    ['0777, which is closed', 0o777, ''],
    ['a path that is too long for a socket', 0o700, 'long'.repeat(30)],
  ])('keeps another user out of a data directory with %s', async (_, mode, below) => {
    const shared = publicDirectory();
    const data = join(shared, below, 'data');
    mkdirSync(data, { recursive: true });
    chmodSync(data, mode);
    const { socket, pid } = await developer(data);
    const [results] = await tried(shared, intrude, data, socket, String(pid));
    expect(results).toEqual(allDenied);
    const [apart] = await tried(shared, intrude, dirname(socket), socket, '');
    expect(apart).toEqual(allDenied);
    expect((await invoke(socket, 'only')).payload).toBe(key);
  });

  test('opens no port, neither itself nor its functions', async () => {
    const { socket, pid } = await developer(join(publicDirectory(), 'data'));
    await invoke(socket, 'only');
    const own = socketsOf(pid);
    expect(own.length).toBeGreaterThan(0);
    expect(listening().filter((inode) => own.includes(inode))).toEqual([]);
  });

  test('shows no key in an argument list', async () => {
    const { socket, pid } = await developer(join(publicDirectory(), 'data'));
    await invoke(socket, 'only');
    const pids = [pid, ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)];
    for (const one of pids) expect(readFileSync(`/proc/${one}/cmdline`, 'utf8')).not.toContain(key);
  });

  test.each([
    ['', ''],
    [' outside its data directory', 'long'.repeat(30)],
  ])('leaves its place to no other user when it was killed, with a socket%s', async (_, below) => {
    const shared = publicDirectory();
    const data = join(shared, below, 'data');
    const { socket, pid } = await developer(data);
    await killed(pid);
    for (const place of [data, dirname(socket)]) {
      const [results] = await tried(shared, intrude, place, socket, '');
      expect(results).toEqual(allDenied);
    }
    const next = await developer(data);
    expect(next.pid).not.toBe(pid);
    expect((await invoke(next.socket, 'only')).payload).toBe(key);
  });

  test('tells nothing to a server of another user where its own socket was', async () => {
    const shared = publicDirectory();
    const data = join(shared, 'data');
    const { pid } = await developer(data);
    await killed(pid);
    const theirs = join(shared, 'theirs');
    const other = await neighbour(shared, impersonate, data, theirs, String(pid));
    await expect.poll(() => other.said).toEqual(['listens']);
    const presence = JSON.parse(readFileSync(join(data, 'service.json'), 'utf8'));
    writeFileSync(join(data, 'service.json'), JSON.stringify({ ...presence, socket: join(theirs, 'service.sock') }));
    const next = await developer(data);
    expect((await invoke(next.socket, 'only')).payload).toBe(key);
    expect(other.said).toEqual(['listens']);
  });

  test('refuses a data directory in which another user left a service of their own', async () => {
    const shared = publicDirectory();
    const data = join(shared, 'data');
    mkdirSync(data);
    chmodSync(data, 0o777);
    const plant = `writeFileSync(a + '/service.json', JSON.stringify({ dir: a, socket: b + '/service.sock', pid: 1, code: '' }));`;
    const theirs = join(shared, 'theirs');
    await tried(shared, plant, data, theirs);
    const other = await neighbour(shared, impersonate, data, theirs, '1');
    await expect.poll(() => other.said).toEqual(['listens']);
    await expect(developer(data)).rejects.toThrow(
      `the data directory ${data} holds ${data}/service.json, which belongs to another user`,
    );
    // A refusal changes nothing: the next command refuses the directory too.
    const said = await command(data);
    expect(said).toMatchObject({ code: 3, err: expect.stringContaining('StoreUnavailable') });
    expect(other.said).toEqual(['listens']);
  });

  test('refuses a data directory of another user by name, and leaves nothing in it', async () => {
    const shared = publicDirectory();
    const data = join(shared, 'data');
    await tried(shared, 'mkdirSync(a); chmodSync(a, 0o777);', data);
    await expect(developer(data)).rejects.toThrow(`the data directory ${data} belongs to another user`);
    const { code, err } = await command(data);
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringMatching(/StoreUnavailable: .*belongs to another user/),
    });
    expect(readdirSync(data)).toEqual([]);
    expect(existsSync(join(data, 'config'))).toBe(false);
  });
});
