import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removed, repository, temporary } from './kit/project.ts';
import { userFiles } from './kit/user-files.ts';

/** The directories of a user's YAML files. A copy takes the example and the document of each. */
const declared = /^infra\/(jobs|scripts|holidays)\/(?!README\.md$|night-report\.yml$|nl\.yml$)/;

/** A copy of this repository with the users' files beside the examples. */
const checkout = async (): Promise<string> => {
  const root = await temporary();
  const made = ['.git', '.build', '.serverless', '.nightshift', 'node_modules', 'coverage'];
  for (const name of (await readdir(repository)).filter((entry) => !made.includes(entry))) {
    const filter = (path: string) => !declared.test(relative(repository, path));
    await cp(join(repository, name), join(root, name), { recursive: true, filter });
  }
  await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
  for (const [path, text] of Object.entries(userFiles)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
};

let root: string;
beforeAll(async () => {
  root = await checkout();
});
afterAll(removed);

/** What a command of the checkout printed and its exit code. */
const ran = async (file: string, ...args: string[]) => {
  const env = { PATH: process.env.PATH ?? '', HOME: root, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '' };
  const {
    code = 0,
    stdout,
    stderr,
  } = await promisify(execFile)(process.execPath, [file, ...args], {
    cwd: root,
    env,
  }).catch((thrown) => thrown);
  return { code, said: `${stdout}${stderr}` };
};

const bin = {
  knip: 'node_modules/knip/bin/knip.js',
  depcruise: 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
  vitest: 'node_modules/vitest/vitest.mjs',
};
/** The quick tests that read the directories of a user's files. */
const readers = ['test/job/job-file.test.ts', 'test/docs/documents.test.ts', 'test/tools/tools.test.ts'];

describe('with ten files of a user added', () => {
  test.each([
    ['npm run jobs', 'infra/cli/nightshift.mjs', ['check']],
    ['npm run generated', 'infra/docs/generate.ts', ['--check']],
    ['npm run unused', bin.knip, []],
    ['npm run imports', bin.depcruise, ['--config', '.dependency-cruiser.cjs', 'lib/tools']],
    ['npm run test:quick', bin.vitest, ['run', '--config', 'vitest.quick.config.ts', ...readers]],
  ])('%s finds nothing wrong', async (_, file, args) => {
    const { code, said } = await ran(file, ...args);
    expect(code, said).toBe(0);
  });
});
