import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { dotenv, setDotenv } from '../../infra/cli/client/dotenv.ts';
import { connections } from '../../infra/cli/command/connections.ts';
import { type Here, secrets } from '../../infra/cli/command/secrets.ts';
import { capturedTerminal } from '../kit/captured-terminal.ts';
import { commandOutput } from '../kit/command-json.ts';
import { failureOf } from '../kit/failure-of.ts';
import { repository } from '../kit/project.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { type PagesServer, pagesServer } from '../kit/wire/pages.ts';

let site: PagesServer;
beforeAll(async () => {
  site = await pagesServer({
    '/me': (response, { headers }) =>
      response.writeHead(headers['x-key'] === value ? 200 : 401).end(`not ${headers['x-key']}`),
  });
});
afterAll(() => site.close());
afterEach(() => vi.unstubAllEnvs());

const value = 'ghp_0123456789';

/** A project with a connection whose secret is in nobody's hands yet. */
const project = () => {
  const dir = temporaryDirectory();
  const infra = join(dir, 'infra');
  for (const kind of ['jobs', 'connections', 'scripts']) mkdirSync(join(infra, kind), { recursive: true });
  writeFileSync(
    join(infra, 'connections/desk.yml'),
    `kind: http\nhosts: ['${site.host}']\nauth: { header: x-key }\nsecret: desk-key\ntest: /me\n`,
  );
  writeFileSync(join(infra, 'connections/open.yml'), `kind: http\nhosts: [open.test]\n`);
  writeFileSync(join(infra, 'scripts/s.yml'), 'attempts: [[{ text: Done. }]]\n');
  writeFileSync(
    join(infra, 'jobs/j.yml'),
    'schedule: { rate: 1 day }\nmodel: scripted/s\nprompt: Go.\nconnections: [desk]\n',
  );
  const file = join(dir, '.env');
  const here = (typed?: string): Here => ({ ask: undefined, input: Readable.from([typed ?? '']), file });
  const options = { infra, data: join(dir, 'data') };
  const ask = async (words: [string?, string?], typed?: string, json = false) => {
    const { out, text } = capturedTerminal();
    const exit = await secrets([words[0], words[1]], { ...options, json }, here(typed), out);
    return { exit, said: text() };
  };
  return { file, options, ask };
};

describe('nightshift secrets', () => {
  it('lists each secret that a connection names, and whether it is set', async () => {
    const { ask } = project();
    const { said } = await ask([]);
    expect(said).toMatch(/desk-key +not set +desk +NIGHTSHIFT_SECRET_DESK_KEY/);
    const found = commandOutput('secrets', (await ask([], '', true)).said);
    expect(found).toEqual({
      secrets: [{ secret: 'desk-key', set: false, place: 'NIGHTSHIFT_SECRET_DESK_KEY', connections: ['desk'] }],
    });
  });

  it('sets one from standard input, in a file that only this user may read, and never prints it', async () => {
    const { ask, file } = project();
    writeFileSync(file, 'OTHER=1\n');
    const done = await ask(['set', 'desk-key'], `${value}\n`);
    expect(done.said).toContain('desk-key is set in');
    expect(readFileSync(file, 'utf8')).toBe(`OTHER=1\nNIGHTSHIFT_SECRET_DESK_KEY='${value}'\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const listed = await ask([]);
    expect(listed.said).toMatch(/desk-key +set +desk/);
    await ask(['set', 'desk-key'], 'ghp_9876543210');
    expect(dotenv(file)).toEqual({ OTHER: '1', NIGHTSHIFT_SECRET_DESK_KEY: 'ghp_9876543210' });
    expect(done.said + listed.said).not.toContain(value);
  });

  it.each<[[string?, string?], string]>([
    [['set', 'desk-kez'], value],
    [['set'], value],
    [['remove', 'desk-key'], value],
    [['set', 'desk-key'], 'short'],
    [['set', 'desk-key'], ''],
    [['set', 'desk-key'], 'two words here'],
  ])('%j with %j is refused, and nothing is written', async (words, typed) => {
    const { ask, file } = project();
    const failure = await failureOf(ask(words, typed));
    expect(failure.name).toBe('InvalidEvent');
    expect(dotenv(file)).toEqual({});
  });
});

describe('.env', () => {
  it.each([`it's`, 'say "yes"', '`tick`', 'a#b=c\\d', '${HOME}'])('keeps %j as it is', async (text) => {
    const file = join(temporaryDirectory(), '.env');
    await setDotenv('A', text, file);
    await setDotenv('B', 'x', file);
    expect(dotenv(file)).toEqual({ A: text, B: 'x' });
  });

  it('is ignored by git', async () => {
    const { stdout } = await promisify(execFile)('git', ['check-ignore', '.env', '.env.local'], { cwd: repository });
    expect(stdout.split('\n').slice(0, 2)).toEqual(['.env', '.env.local']);
  });
});

describe('nightshift connections', () => {
  const ask = async (words: [string?, string?], options: { infra: string; data: string }, json = false) => {
    const { out, text } = capturedTerminal();
    const exit = await connections([words[0], words[1]], { ...options, json }, out);
    return { exit, said: text() };
  };

  it('lists where each leads and which jobs name it', async () => {
    const { options } = project();
    const { said } = await ask([], options);
    expect(said).toMatch(/desk +http +127\.0\.0\.1:\d+ +j\n/);
    expect(said).toMatch(/open +http +open\.test +no job/);
    expect(commandOutput('connections', (await ask([], options, true)).said).connections).toHaveLength(2);
  });

  it('tests one with its secret, and says what the server said without it', async () => {
    const { options } = project();
    vi.stubEnv('NIGHTSHIFT_SECRET_DESK_KEY', value);
    expect(await ask(['test', 'desk'], options)).toMatchObject({
      exit: 0,
      said: expect.stringContaining('answered 200'),
    });
    vi.stubEnv('NIGHTSHIFT_SECRET_DESK_KEY', 'another-value');
    const { exit, said } = await ask(['test', 'desk'], options, true);
    expect(exit).toBe(1);
    expect(commandOutput('connections', said).tested).toEqual({
      connection: 'desk',
      ok: false,
      says: `https://${site.host}/me answered 401: not [secret]`.replace('https', 'http'),
    });
  });

  it.each<[[string?, string?], string]>([
    [['test', 'desk'], 'Unauthorized'],
    [['test', 'open'], 'InvalidEvent'],
    [['test', 'nowhere'], 'InvalidEvent'],
    [['test'], 'InvalidEvent'],
    [['drop', 'desk'], 'InvalidEvent'],
  ])('%j is %s', async (words, name) => {
    const { options } = project();
    expect(await failureOf(ask(words, options))).toMatchObject({ name });
  });
});
