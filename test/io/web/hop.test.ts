import { expect, it } from 'vitest';
import { firstHop } from '../../../lib/io/web/hop.ts';

const hop = (headers: Record<string, string>, url = 'http://pages.test/') =>
  firstHop({ method: 'GET', url, headers, allow: [], maxBytes: 1, signal: new AbortController().signal });

it.each([
  [{ accept: 'a\r\nx-smuggled: 1' }],
  [{ accept: 'a\n' }],
  [{ 'x\r\ny': 'a' }],
  [{ 'content type': 'a' }],
  [{ '': 'a' }],
  [{ Host: 'other.test' }],
  [{ 'Content-Length': '3' }],
  [{ 'transfer-encoding': 'chunked' }],
  [{ connection: 'upgrade' }],
  [{ 'Proxy-Authorization': 'a' }],
  [{ 'accept-encoding': 'zstd' }],
])('refuses the headers %j, naming the header and not its value', (headers) => {
  expect(() => hop(headers)).toThrow(expect.objectContaining({ name: 'ToolError', kind: 'refused' }));
  expect(() => hop(headers)).not.toThrow(/smuggled: 1|other\.test/);
});

it('refuses a URL that is none', () => {
  expect(() => hop({}, 'pages.test/news')).toThrow(expect.objectContaining({ kind: 'refused' }));
});

it('writes header names in lower case, over its own where they are given', () => {
  expect(hop({ Accept: 'a', 'X-Key': 'b' }).headers).toEqual({ 'user-agent': 'nightshift', accept: 'a', 'x-key': 'b' });
});
