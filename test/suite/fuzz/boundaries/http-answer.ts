import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Page } from '../../../../lib/agent/page.ts';
import { ToolError } from '../../../../lib/agent/tool.ts';
import { guardedHttp } from '../../../../lib/io/web/http.ts';
import { byteLength } from '../../../../lib/text.ts';
import get from '../../../../lib/tools/http_get.ts';
import { boundary, broken } from '../boundary.ts';
import { edits } from '../hostile-json.ts';
import { answerBytes, byteServer, isPlain, transport } from '../hostile-server.ts';
import { anyText, edited, textEdit } from '../hostile-text.ts';
import { jobs, noPastRuns } from '../loopback-service.ts';

const tag = fc.constantFrom(
  'p',
  'div',
  'a href="/x"',
  'a href="javascript:x"',
  'table',
  'tr',
  'td',
  'ul',
  'li',
  'h1',
  'script',
  'style',
  'img src=x',
  'svg',
  'template',
  'pre',
  'br/',
  'x-y',
  'a href="http://[bad"',
  '!--',
  '!doctype html',
  'base href="//evil.test"',
  'meta charset=utf-16',
);
const html = fc
  .array(
    fc.oneof(
      tag.map((name) => `<${name}>`),
      tag.map((name) => `</${name.split(' ')[0]}>`),
      anyText,
      fc.constantFrom('&amp;', '&#0;', '&#xD800;', '&#99999999999;', '&nope;', '<', '<a', '<a href="'),
    ),
    { maxLength: 25 },
  )
  .map((parts) => `<html><body>${parts.join('')}`);
const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, 'bomb <p>'));

const content = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('text/html', 'text/html; charset=utf-8', 'application/xhtml+xml'),
      body: html,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('application/json', 'text/plain', 'application/problem+json; charset="utf-8"'),
      body: fc.jsonValue().map((json) => JSON.stringify(json)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'text/plain; charset=utf-16',
        'text/plain; charset=nope',
        'image/png',
        'application/octet-stream',
        '',
        'TEXT/HTML;CHARSET=SHIFT_JIS',
        'text/html; charset=',
        ';;;',
        'text/csv; charset=x-user-defined',
      ),
      body: anyText,
    }),
  },
);
const cases = fc.record({
  content,
  bytes: fc.constantFrom<BufferEncoding[]>('utf8', 'utf8', 'utf8', 'latin1', 'utf16le'),
  scratches: edits(textEdit, 8),
  transport,
  isBomb: fc.oneof({ weight: 150, arbitrary: fc.constant(false) }, fc.constant(true)),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const maxBodyBytes = 40 * 1024;
/** A refusal quotes the beginning of what the server answered. */
const maxRefusalBytes = 2048;
const illegal =
  /[\uD800-\uDFFF](?<![\uD800-\uDBFF](?=[\uDC00-\uDFFF])|(?<=[\uD800-\uDBFF])[\uDC00-\uDFFF])|(?![\t\n])\p{Cc}/u;

const pageFault = ({ body, status, cut, url }: Page): string | undefined => {
  if (byteLength(body) > maxBodyBytes) return 'is longer than a page may be';
  if (!body.isWellFormed() || illegal.test(body)) return 'has characters that no prompt may have';
  return Number.isInteger(status) && typeof cut === 'boolean' && URL.canParse(url) ? undefined : 'has wrong facts';
};

const sentBytes = ({ content: { type, body }, bytes, scratches, transport: way, isBomb }: Case): Buffer => {
  if (!isBomb) return answerBytes(Buffer.from(edited(body, scratches), bytes), type, way);
  return answerBytes(bomb, type, { ...way, encoding: 'identity', headers: ['content-encoding: gzip'] });
};

const refused = ({ transport: way, isBomb }: Case, thrown: unknown): string => {
  if (!(thrown instanceof ToolError)) return broken('the tool threw an error that is not a ToolError', thrown);
  if (isPlain(way) && !isBomb) return broken('the tool refused a correct answer', thrown);
  if (byteLength(thrown.message) > maxRefusalBytes) return broken('the refusal is too long', thrown.message);
  if (!thrown.message.isWellFormed() || illegal.test(thrown.message))
    return broken('the refusal has characters that no prompt may have', thrown.message);
  return `ToolError ${thrown.kind}`;
};

/** HTTP answers to a tool, correct and broken, byte by byte. */
export const httpAnswer = async () => {
  const server = await byteServer();
  const job = { ...jobs.small, allow: [server.host] };
  const http = guardedHttp();
  return boundary({
    cases,
    judge: async (one) => {
      server.answer(sentBytes(one), one.transport);
      const { signal } = new AbortController();
      const context = { job, runId: 'r', slot: 's', signal, idempotencyKey: undefined, http, pastRuns: noPastRuns };
      try {
        const page = (await get.run({ url: `http://${server.host}/page` }, context)) as Page;
        const fault = pageFault(page);
        return fault ? broken(`the page ${fault}`, page) : 'accepted';
      } catch (thrown) {
        return refused(one, thrown);
      }
    },
    close: server.close,
  });
};
