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
])("a request with the headers %j is refused by the header's name, without its value", (headers) => {
  expect(() => hop(headers)).toThrow(expect.objectContaining({ name: 'ToolError', kind: 'refused' }));
  expect(() => hop(headers)).not.toThrow(/smuggled: 1|other\.test/);
});

it('a request for an invalid URL is refused', () => {
  expect(() => hop({}, 'pages.test/news')).toThrow(expect.objectContaining({ kind: 'refused' }));
});

it('a request has its header names in lower case, and given headers replace its own', () => {
  expect(hop({ Accept: 'a', 'X-Key': 'b' }).headers).toEqual({ 'user-agent': 'nightshift', accept: 'a', 'x-key': 'b' });
});
