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
  ['text/plain', Buffer.from([0x6f, 0xff, 0x6b]), 'o\uFFFDk'],
])('a page of %s is returned as text', async (type, body, text) => {
  expect(await read(type, body)).toMatchObject({ body: text, cut: false });
});

it.each([
  ['image/png', 'image/png'],
  [undefined, 'no content type'],
])('a body that is not text (%s) is returned as a note of its type and size', async (type, named) => {
  expect(await textOf(type, Buffer.alloc(2000))).toBe(`[not text: ${named}, 2000 bytes read, not shown]`);
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

it.each([
  ['nested without an end', '<b>'.repeat(600_000)],
  ['closed without a beginning', '<b>'.repeat(200_000) + '</i>'.repeat(200_000)],
])('a page is read only up to its first tags when they are %s', async (_, html) => {
  expect(await read('text/html', html)).toMatchObject({ cut: true });
});
