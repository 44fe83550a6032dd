import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../infra/package/build.ts';
import { oversize, type Size, size, sizeTable } from '../../infra/package/size.ts';
import { templateProblems } from '../../infra/package/validate.ts';

const text = (letter: string, length: number) => `export default () => '${letter.repeat(length)}';\n`;

const files = {
  'functions/dispatch.ts': `import shared from '../lib/shared.ts';
    const provider = { a: () => import('../lib/io/model/anthropic.ts'), b: () => import('../lib/io/model/bedrock.ts') };
    const tool = (name: string) => import(\`../lib/tools/\${name}.ts\`);
    export const handler = async (event: { provider: 'a' | 'b'; tool: string }) =>
      shared() + (await provider[event.provider]()).default() + (await tool(event.tool)).default();`,
  'lib/shared.ts': text('s', 30_000),
  'lib/io/model/anthropic.ts': text('a', 50_000),
  'lib/io/model/bedrock.ts': `import big from '../../big.ts'; import shared from '../../shared.ts'; export default () => big() + shared();`,
  'lib/big.ts': text('g', 90_000),
  'lib/tools/one.ts': text('1', 10),
  'lib/tools/two_2.ts': text('2', 10),
};

let root: string;
let found: Size;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nightshift-size-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }
  found = size(await bundle(root, 'dispatch'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const part = (name: string) => found.lazy.find((lazy) => lazy.name === name)?.bytes ?? 0;
const about = (bytes: number, expected: number) => expect(Math.abs(bytes - expected)).toBeLessThan(2_000);

describe('the size of a bundle', () => {
  it('counts static imports at once, and dynamic imports apart', () => {
    about(found.entry, 30_000);
    about(part('lib/io/model/anthropic.ts'), 50_000);
  });

  it('counts with a dynamic import what that import adds, without the files that are loaded already', () => {
    about(part('lib/io/model/bedrock.ts'), 90_000);
  });

  it('includes every file that an import with a variable may load', async () => {
    expect(found.lazy.map(({ name }) => name).sort()).toEqual(
      Object.keys(files)
        .filter((path) => /model|tools/.test(path))
        .sort(),
    );
    const { handler } = await import(join(root, '.build/dispatch/index.mjs'));
    expect(await handler({ provider: 'a', tool: 'two_2' })).toBe(
      `${'s'.repeat(30_000)}${'a'.repeat(50_000)}${'2'.repeat(10)}`,
    );
  });

  it('is limited with its largest provider, and a problem names the excess and the largest parts', () => {
    expect(oversize({ dispatch: found }, { dispatch: 125_000 })).toEqual([]);
    const [sentence, ...more] = oversize({ dispatch: found }, { dispatch: 100_000 });
    expect(more).toEqual([]);
    expect(sentence).toMatch(
      /^dispatch is 12\d KB, 2\d KB over its limit of 100 KB\. Largest in it: lib\/shared\.ts 30 KB/,
    );
  });

  it('is printed as a table with a line for each large part', () => {
    const lines = sizeTable({ dispatch: found }).split('\n');
    expect(lines[0]).toMatch(/^dispatch +3\d KB$/);
    expect(lines[1]).toMatch(/^ {2}later lib\/io\/model\/bedrock\.ts +9\d KB +12\d KB$/);
    expect(lines.at(-1)).toBe('  later 2 parts of less than 20 KB');
  });
});

describe('a template', () => {
  it("with an error or a warning from AWS's rules has a sentence for each", async () => {
    const file = join(root, 'template.json');
    const Resources = {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 99_999_999, Colour: 'red' } },
      Policy: {
        Type: 'AWS::SQS::QueuePolicy',
        DependsOn: 'Queue',
        Properties: { Queues: [{ Ref: 'Queue' }], PolicyDocument: {} },
      },
    };
    await writeFile(file, JSON.stringify({ Resources }));
    const problems = templateProblems(file);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/Queue.*MessageRetentionPeriod/),
        expect.stringMatching(/Queue.*Colour/),
        expect.stringMatching(/^W3005 Policy/),
      ]),
    );
  });
});
