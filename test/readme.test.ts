import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { HttpRequest } from '../lib/agent/http.ts';
import type { Tool, ToolContext } from '../lib/agent/tool.ts';
import { readJobFile, readYaml } from '../lib/job/job-file.ts';
import { job } from './kit/job.ts';
import { place } from './kit/place.ts';

const readme = readFileSync('README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

/** The first code block of a language under a heading. */
const block = (heading: string, language: string): string =>
  new RegExp(`## ${heading}[\\s\\S]*?\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? '';

test('the job of the README is a good one', () => {
  const read = readJobFile(readYaml('infra/jobs/harbour-report.yml', block('A job in five minutes', 'yaml')), {
    tools: ['http_get', 'http_post'],
  });
  expect(read).toMatchObject({ job: { name: 'harbour-report', allow: ['harbour.example.com', 'desk.example.com'] } });
});

test('the tool of the README works as it stands', async () => {
  const file = join(place(), 'page_someone.ts');
  const code = block('A tool in ten minutes', 'ts')
    .replace("'../tool.ts'", `'${resolve('lib/agent/tool.ts')}'`)
    .replace("'zod'", `'${resolve('node_modules/zod/index.js')}'`);
  writeFileSync(file, code);
  const { default: tool }: { default: Tool } = await import(pathToFileURL(file).href);
  const asked: HttpRequest[] = [];
  const http = async (request: HttpRequest) => {
    asked.push(request);
    return { status: 202, url: request.url, headers: {}, body: new Uint8Array(), cut: false };
  };
  const given: Partial<ToolContext> = { http, job: job({ allow: ['pager.example.com'] }), idempotencyKey: 'k' };
  const answer = await tool.run({ text: 'Fire.' }, given as ToolContext);
  expect(answer).toEqual({ status: 202 });
  expect(asked).toMatchObject([{ method: 'POST', body: 'Fire.', headers: { 'idempotency-key': 'k' } }]);
});

test('every npm script the README and CONTRIBUTING name is there', () => {
  const said = `${readme}\n${readFileSync('CONTRIBUTING.md', 'utf8')}`;
  const named = [...said.matchAll(/npm run (?:--silent )?([a-z]+)/g)].map(([, name]) => name);
  expect(new Set(named).size).toBeGreaterThanOrEqual(5);
  for (const name of named) expect(scripts).toHaveProperty(name ?? '');
});
