import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../lib/agent/http.ts';
import type { Tool, ToolContext } from '../../lib/agent/tool.ts';
import { readJobs, repositoryFiles } from '../../lib/io/files/job-files.ts';
import { blocksOf, documents, filesAt, filesIn, textOf } from '../kit/documents.ts';
import { job } from '../kit/job.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

/** The heading as GitHub names it in a link. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll('`', '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (file: string): string[] =>
  [...textOf(file).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Why the link of a document leads nowhere, or undefined where it leads somewhere. */
const broken = (file: string, link: string): string | undefined => {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(target)) return `${file}: ${link}: no such file`;
  if (anchor === undefined || statSync(target).isDirectory() || anchorsOf(target).includes(anchor)) return undefined;
  return `${file}: ${link}: no such heading`;
};

describe('the documents', () => {
  it('link to files and headings that exist', () => {
    const found = documents.flatMap((file) =>
      [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => broken(file, link)),
    );
    expect(found.filter((problem) => problem !== undefined)).toEqual([]);
    expect(found.length).toBeGreaterThan(30);
  });

  it('have code blocks of known kinds only', () => {
    const known = ['sh', 'yaml', 'ts', 'json', 'text'];
    const unknown = documents.flatMap(blocksOf).filter(({ kind }) => !known.includes(kind));
    expect(unknown.map(({ file, line, kind }) => `${file}:${line} "${kind}"`)).toEqual([]);
  });

  it('name the file of each YAML and TypeScript block', () => {
    const files = documents.flatMap((file) => Object.values(filesIn(file)));
    const nameless = documents
      .flatMap(blocksOf)
      .filter(({ kind, text }) => (kind === 'yaml' || kind === 'ts') && !files.includes(text));
    expect(nameless.map(({ file, line }) => `${file}:${line}`)).toEqual([]);
  });

  it('include a README of at most 1,500 words', () => {
    expect(textOf('README.md').split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(1500);
  });

  it('have JSON blocks that parse as JSON', () => {
    for (const { kind, text, file, line } of documents.flatMap(blocksOf))
      if (kind === 'json') expect(() => JSON.parse(text), `${file}:${line}`).not.toThrow();
  });
});

describe('the job files, scripts and holidays of', () => {
  const withFiles = documents.filter((file) => Object.keys(filesIn(file)).length > 0);

  it.each(withFiles)('%s pass the checks of `nightshift check`', async (document) => {
    const dir = temporaryDirectory();
    for (const kind of ['jobs', 'scripts', 'tools', 'holidays', 'connections'] as const) {
      mkdirSync(join(dir, kind), { recursive: true });
      const own = filesAt(document, repositoryFiles[kind]);
      const ending = kind === 'tools' ? 'ts' : 'yml';
      for (const [name, text] of Object.entries(own)) writeFileSync(join(dir, kind, `${name}.${ending}`), text);
    }
    for (const [path, kind] of [
      ['infra/scripts/night-report.yml', 'scripts'],
      ['infra/holidays/nl.yml', 'holidays'],
    ] as const)
      writeFileSync(join(dir, kind, basename(path)), readFileSync(path));
    for (const tool of ['http', 'http_get', 'http_post', 'list_runs', 'previous_result'])
      writeFileSync(join(dir, 'tools', `${tool}.ts`), '');
    const at = (kind: string) => join(dir, kind);
    const files = {
      jobs: at('jobs'),
      scripts: at('scripts'),
      tools: at('tools'),
      holidays: at('holidays'),
      connections: at('connections'),
    };
    const { jobs } = await readJobs(files, new Date('2026-11-26T00:00:00Z'));
    expect(jobs.map(({ name }) => name).sort()).toEqual(Object.keys(filesAt(document, 'infra/jobs')).sort());
  });
});

describe('the example tool of lib/tools/README.md', () => {
  const document = 'lib/tools/README.md';

  const loaded = async (): Promise<Tool> => {
    const [text = ''] = Object.values(filesAt(document, 'lib/tools'));
    const file = join(temporaryDirectory(), 'tool.ts');
    const code = text
      .replaceAll(/'[.][.]\/agent\/(\w+)[.]ts'/g, (_, word) => `'${resolve(`lib/agent/${word}.ts`)}'`)
      .replace("'zod'", `'${resolve('node_modules/zod/index.js')}'`);
    writeFileSync(file, code);
    return (await import(pathToFileURL(file).href)).default;
  };

  /** What the tool asked, and what it returned or threw, where the service answers with this status. */
  const called = async (status: number) => {
    const asked: HttpRequest[] = [];
    const http = async (request: HttpRequest) => {
      asked.push(request);
      return { status, url: request.url, headers: {}, body: new Uint8Array(), cut: false };
    };
    const given: Partial<ToolContext> = { http, job: job({ allow: ['pager.example.com'] }), idempotencyKey: 'k' };
    const tool = await loaded();
    const answer = await tool.run({ text: 'Fire.' }, given as ToolContext).catch((thrown: Error) => thrown.name);
    return { asked, answer };
  };

  it('posts once with its key and returns the status', async () => {
    const { asked, answer } = await called(202);
    expect(answer).toEqual({ status: 202 });
    expect(asked).toMatchObject([{ method: 'POST', body: 'Fire.', headers: { 'idempotency-key': 'k' } }]);
  });

  it('throws a ToolError when the service rejects the request, or may have carried it out', async () => {
    for (const status of [403, 500]) expect((await called(status)).answer).toBe('ToolError');
  });
});
