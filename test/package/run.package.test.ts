import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { projectAside, removeAside, replacePackage } from '../../infra/package/aside.ts';
import { functionNames } from '../../infra/package/build.ts';
import { alarmWarnings, declared, packFunctions, parameters } from '../../infra/package/package.ts';
import { jobs, project, removed, repository, temporary } from '../kit/project.ts';
import { template } from '../kit/template.ts';

const run = promisify(execFile);

const nightshift = (root: string, ...args: string[]) =>
  run(process.execPath, [join(root, 'infra/package/package.ts'), ...args], { cwd: root });

/** Every file that a deploy would upload, by its path and digest, without osls's time. */
const packageIn = async (root: string): Promise<Record<string, string>> => {
  const templates = (await readdir(join(root, '.serverless'))).map((name) => `.serverless/${name}`);
  const archives = (await readdir(join(root, '.build'))).filter((name) => name.endsWith('.zip'));
  const paths = [...templates, ...archives.map((name) => `.build/${name}`)].sort();
  const digest = async (path: string) =>
    createHash('sha256')
      .update((await readFile(join(root, path), 'latin1')).replaceAll(/\d{13}-[\dT:.-]+Z/g, 'time'))
      .digest('hex');
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await digest(path)] as const)));
};

let root: string;
let output: string;
let warnings: string;

beforeAll(async () => {
  root = await project(jobs);
  ({ stdout: output, stderr: warnings } = await nightshift(root, '--stage', 'test'));
});
afterAll(removed);

describe('nightshift package', () => {
  it('prints the checked files and the size of each function', () => {
    expect(output).toContain('Every job file is valid: 6 declared, 5 scheduled.');
    for (const name of functionNames) expect(output).toMatch(new RegExp(`^${name} +\\d+ KB$`, 'm'));
    expect(output).toMatch(/later .*model\/anthropic\.ts +\d+ KB +\d+ KB/);
    expect(output).toContain("passes AWS's validator");
    expect(output).toContain('npm run diff -- --stage test && npx osls deploy --package .serverless --stage test\n');
  });

  it('warns when alarms have no e-mail address', async () => {
    expect(warnings).toContain('Warning: alarms have no e-mail address');
    expect(warnings).toContain('--param alarmEmail=you@example.com');
    const withAddress = ['--stage', 'test', '--param', 'alarmEmail=night@example.com'];
    expect(alarmWarnings(await parameters(root, withAddress))).toEqual([]);
  });

  it('makes the same bytes at any time and place', async () => {
    // What the flows run was bundled elsewhere, before. (As deep: a bundle tells by which links its project has its sources.)
    const other = await project(jobs);
    for (const [name, entry] of Object.entries(inject('functions')))
      await cp(dirname(entry), join(other, '.build', name), { recursive: true });
    await packFunctions(other, await declared(other));
    for (const name of functionNames) {
      const [first, second] = await Promise.all(
        [root, other].map((path) => readFile(join(path, '.build', `${name}.zip`))),
      );
      expect(first?.equals(second ?? Buffer.of()), name).toBe(true);
    }
  });

  it('names the file, line and field of an invalid job, and keeps the last package whole', async () => {
    const bad = await project({
      bad: 'schedule: { cron: "0 9 * * * *" }\nmodel: scripted/night-report\nprompt: Hello.\ncolour: red\n',
      over: 'schedule: { at: 2026-11-22T07:00:00 }\nmodel: scripted/night-report\nprompt: Hello.\n',
    });
    for (const part of ['.serverless', '.build']) await cp(join(root, part), join(bad, part), { recursive: true });
    const before = await packageIn(bad);
    const failed = await nightshift(bad).catch((thrown: { code: number; stderr: string }) => thrown);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(/infra\/jobs\/bad\.yml:1.*schedule\.cron/);
    expect(failed.stderr).toMatch(/infra\/jobs\/bad\.yml:4.*colour/);
    expect(failed.stderr).toMatch(/infra\/jobs\/over\.yml:1.*schedule\.at.*which is in the past/);
    expect(failed.stderr).toMatch(/^\.serverless still holds the package of 20\S+Z for stage test\. A deploy would/m);
    expect(await packageIn(bad)).toEqual(before);
  });

  it('keeps the last package whole when its template fails', async () => {
    const args = ['--param', 'openaiCompatibleApiKey=maybe'];
    const last = await project({});
    for (const part of ['.serverless', '.build']) await cp(join(root, part), join(last, part), { recursive: true });
    const before = await packageIn(last);
    const failed = await nightshift(last, ...args).catch((thrown: { code: number; stderr: string }) => thrown);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('for stage test. A deploy would') });
    expect(await packageIn(last)).toEqual(before);
  });

  it('reports that there is nothing to deploy when it fails without an earlier package', async () => {
    const first = await project({});
    const failed = await nightshift(first, '--param', 'colour=red').catch((thrown: { stderr: string }) => thrown);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('.serverless holds no package.') });
    expect(await readdir(first)).not.toContain('.serverless');
  });

  it('replaces every part of the last package, and leaves no other file beside it', async () => {
    const stands = await project({});
    const archives = functionNames.map((name) => `.build/${name}.zip`);
    const write = async (dir: string, text: string) => {
      for (const part of ['.serverless', '.build']) await mkdir(join(dir, part), { recursive: true });
      for (const path of ['.serverless/serverless-state.json', ...archives]) await writeFile(join(dir, path), text);
    };
    await write(stands, 'last');
    await writeFile(join(stands, '.serverless/only-in-the-last'), '');
    const aside = await projectAside(stands);
    await write(aside, 'next');
    const next = await packageIn(aside);
    await replacePackage(stands, aside);
    await removeAside(aside);
    expect(await packageIn(stands)).toEqual(next);
    expect((await readdir(join(stands, '.build'))).sort()).toEqual(functionNames.map((name) => `${name}.zip`).sort());
  });

  it('prints its options under --help and makes no package', async () => {
    const none = await project({});
    const { stdout } = await nightshift(none, '--help', '--stage', 'test');
    expect(stdout).toMatch(/^Usage: npm run package -- /);
    expect(stdout).toContain('--param   A parameter of serverless.yml: alarmEmail, ');
    expect(await readdir(none)).not.toContain('.build');
    const before = await packageIn(root);
    await nightshift(root, '-h');
    expect(await packageIn(root)).toEqual(before);
  });

  it('refuses the stage name that is reserved for the local machine', async () => {
    const failure = await template(await project({}), ['--stage', 'local']).catch((thrown: Error) => thrown.message);
    expect(failure).toContain('stage: found "local"');
  });

  it('refuses an unknown parameter, which osls would ignore', async () => {
    const args = ['--param', 'anthropicApikey=secret', '--param=alarmEmail=night@example.com'];
    const failed = await nightshift(await project({}), ...args).catch(
      (thrown: { code: number; stderr: string }) => thrown,
    );
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--param: found anthropicApikey, expected alarmEmail, '),
    });
    expect(failed.stderr).not.toContain('found alarmEmail');
  });

  it('refuses a malformed parameter with a sentence, not a stack trace', async () => {
    const args = ['--param', 'openaiCompatibleApiKey=maybe'];
    const failure = await template(await project({}), args).catch((thrown: Error) => thrown.message);
    expect(failure).toContain('openaiCompatibleApiKey: found "maybe", expected parameter, secret, none');
    expect(failure).not.toMatch(/^ +at /m);
  });
});

describe('an archive', () => {
  const unpacked = async (name: string): Promise<string> => {
    const dir = await temporary();
    for (const [path, data] of Object.entries(unzipSync(await readFile(join(root, '.build', `${name}.zip`))))) {
      await mkdir(join(dir, path, '..'), { recursive: true });
      await writeFile(join(dir, path), data);
    }
    return dir;
  };

  /** The error of a packaged handler for an event, outside any node_modules. */
  const thrown = async (dir: string, event: unknown): Promise<unknown> => {
    const script = `const { handler } = await import('./index.mjs');
      await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 1000 }).then(
        () => process.exit(0), ({ name, message }) => console.log('\\n' + JSON.stringify({ name, message })));`;
    const env = {
      ...{
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      },
      ...{ NIGHTSHIFT_TABLE: 't', NIGHTSHIFT_CONFIG: join(dir, 'config'), NIGHTSHIFT_STATE_MACHINE_ARN: 'arn:x' },
    };
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: dir, env });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  };

  it.each(functionNames)('of %s loads in Node and refuses a malformed event by name', async (name) => {
    // What wakes the watchman may be anything that has a shape.
    const event = name === 'watchman' ? 'red' : { colour: 'red' };
    expect(await thrown(await unpacked(name), event)).toMatchObject({ name: 'InvalidEvent' });
  });

  it('holds the jobs for dispatch and the watchman, and the scripts for attempt', async () => {
    const [dispatch, watchman] = [await unpacked('dispatch'), await unpacked('watchman')];
    const list = await readFile(join(dispatch, 'config/jobs.json'), 'utf8');
    expect(JSON.parse(list).sort()).toEqual(['eu-news', 'night-report', 'off', 'once', 'season', 'tick']);
    expect(JSON.parse(await readFile(join(dispatch, 'config/jobs/tick.json'), 'utf8'))).toMatchObject({ name: 'tick' });
    expect(await readFile(join(watchman, 'config/jobs.json'), 'utf8')).toBe(list);
    expect(await thrown(dispatch, { job: 'nobody', slot: '2026-11-22T07:00:00Z' })).toMatchObject({
      name: 'UnknownJob',
    });
    expect(await readdir(join(await unpacked('attempt'), 'config/scripts'))).toEqual(['night-report.json']);
  });

  it('of attempt keeps each provider and each tool in a chunk that loads on demand', async () => {
    const dir = await unpacked('attempt');
    const chunks = await readdir(join(dir, 'chunks'));
    const files = (await readdir(join(repository, 'lib/tools'))).filter((file) => file.endsWith('.ts'));
    const tools = files.map((file) => file.replace('.ts', ''));
    for (const name of ['anthropic', 'bedrock', 'openai-compatible', ...tools]) {
      expect(
        chunks.some((chunk) => chunk.startsWith(`${name}-`)),
        name,
      ).toBe(true);
    }
    const all = `for (const chunk of ${JSON.stringify(chunks)}) await import('./chunks/' + chunk)`;
    await run(process.execPath, ['--input-type=module', '-e', all], { cwd: dir, env: {} });
  });

  it('holds no source map, no TypeScript and no path of the build machine', async () => {
    for (const name of functionNames) {
      for (const [path, data] of Object.entries(unzipSync(await readFile(join(root, '.build', `${name}.zip`))))) {
        expect(path).toMatch(/^(index\.mjs|chunks\/[\w.-]+\.mjs|config\/[\w./-]+\.json)$/);
        expect(Buffer.from(data).includes(repository), path).toBe(false);
      }
    }
  });
});
