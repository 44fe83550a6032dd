import { expect, it } from 'vitest';
import { page } from '../../lib/agent/page.ts';

const bytes = (text: string | Buffer) => (typeof text === 'string' ? Buffer.from(text) : text);
/** The page of an answer with this type and body. */
const read = (type: string | undefined, body: string | Buffer, cut = false) =>
  page({
    status: 200,
    url: 'http://pages.test/news/today',
    headers: type === undefined ? {} : { 'content-type': type },
    body: bytes(body),
    cut,
  });
const textOf = async (type: string | undefined, body: string | Buffer) => (await read(type, body)).body;

it('a page of HTML as text keeps its links as absolute URLs', async () => {
  const html =
    '<a href="next?x=1">next</a> <a href="//other.test/">other</a> <a href="#top">top</a> <a href="http://[">odd</a>';
  expect(await textOf('text/html', html)).toBe(
    'next [http://pages.test/news/next?x=1] other [http://other.test/] top odd [http://[]',
  );
});

it('a page of HTML as text keeps table cells apart', async () => {
  const html = '<table><tr><th>Ferry</th><th>Time</th></tr><tr><td>Ada</td><td>07:10</td></tr></table>';
  expect(await textOf('text/html', html)).toBe('Ferry Time\nAda 07:10');
});

it('a page of HTML as text omits invisible content', async () => {
  const html =
    '<style>p{}</style><script>x()</script><template>t</template><svg><text>v</text></svg><img src="a.png" alt="i"><p>seen</p>';
  expect(await textOf('application/xhtml+xml', html)).toBe('seen');
});

const latin = Buffer.from('blåbär', 'latin1');
it.each([
  ['text/plain; charset=iso-8859-1', latin, 'blåbär'],
  ['text/html', Buffer.concat([Buffer.from('<meta charset="iso-8859-1">'), latin]), 'blåbär'],
  ['text/plain; charset=klingon', 'två', 'två'],
  ['Application/Atom+XML', '<feed/>', '<feed/>'],
  ['application/json', '{"a":1}', '{"a":1}'],
  [undefined, 'no type', 'no type'],
  ['text/plain; charset=utf-8', Buffer.from([0x6f, 0xff, 0x6b]), 'o\uFFFDk'],
  [undefined, Buffer.from('\uFEFFtwå', 'utf16le'), 'twå'],
  ['text/csv', 'a,b\r1,2\r', 'a,b\n1,2\n'],
  [
    'application/rss+xml',
    Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><t>blåbär</t>', 'latin1'),
    '<?xml version="1.0" encoding="ISO-8859-1"?><t>blåbär</t>',
  ],
])('a page of %s is returned as text', async (type, body, text) => {
  expect(await read(type, body)).toMatchObject({ body: text, cut: false });
});

it.each([
  ['image/png', 'image/png'],
  [undefined, 'no content type'],
])('a body that is not text (%s) is returned as a note of its type and size', async (type, named) => {
  expect(await textOf(type, Buffer.alloc(2000))).toBe(`[not text: ${named}, 2000 bytes read, not shown]`);
});

it.each([
  ['text', Buffer.from('två'), 'två'],
  ['not text', Buffer.from([0x1f, 0x8b, 8, 0]), '[not text: coded as zip, 4 bytes read, not shown]'],
])('a body in an unknown coding that is %s is returned as such', async (_, body, text) => {
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'zip' };
  expect(await page({ status: 200, url: 'http://pages.test/', headers, body, cut: false })).toMatchObject({
    body: text,
  });
});

it('a page longer than a step allows is cut at a whole character and marked', async () => {
  const { cut, body } = await read('text/plain', 'ferry ⛴ '.repeat(20_000));
  expect([cut, Buffer.byteLength(body) <= 40 * 1024]).toEqual([true, true]);
  expect(body).toMatch(/\[cut: the first part of \d+ bytes\]$/);
  expect(body).not.toContain('\uFFFD');
});

it('a page cut during the download is marked as cut', async () => {
  expect(await read('text/plain', 'the first of it', true)).toMatchObject({ cut: true, body: 'the first of it' });
});

it('a page of HTML that is not converted whole is marked as cut', async () => {
  expect(await read('text/html', `seen ${'<div>'.repeat(3_000)}unseen`)).toMatchObject({ cut: true, body: 'seen' });
});
