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

it('keeps the links of HTML as whole URLs', async () => {
  const html =
    '<a href="next?x=1">next</a> <a href="//other.test/">other</a> <a href="#top">top</a> <a href="http://[">odd</a>';
  expect(await textOf('text/html', html)).toBe(
    'next [http://pages.test/news/next?x=1] other [http://other.test/] top odd [http://[]',
  );
});

it('keeps the cells of a table apart', async () => {
  const html = '<table><tr><th>Ferry</th><th>Time</th></tr><tr><td>Ada</td><td>07:10</td></tr></table>';
  expect(await textOf('text/html', html)).toBe('Ferry Time\nAda 07:10');
});

it('leaves out what nobody sees', async () => {
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
])('gives %s as text', async (type, body, text) => {
  expect(await read(type, body)).toMatchObject({ body: text, cut: false });
});

it.each([
  ['image/png', 'image/png'],
  [undefined, 'no content type'],
])('gives what is not text (%s) as a note of its type and size', async (type, named) => {
  expect(await textOf(type, Buffer.alloc(2000))).toBe(`[not text: ${named}, 2000 bytes read, not shown]`);
});

it('cuts a long text to what a step takes, at a whole character, and says so', async () => {
  const { cut, body } = await read('text/plain', 'ferry ⛴ '.repeat(20_000));
  expect([cut, Buffer.byteLength(body) <= 40 * 1024]).toEqual([true, true]);
  expect(body).toMatch(/\[cut: the first part of \d+ bytes\]$/);
  expect(body).not.toContain('\uFFFD');
});

it('says that a text was cut when it was cut on the wire', async () => {
  expect(await read('text/plain', 'the first of it', true)).toMatchObject({ cut: true, body: 'the first of it' });
});

it.each([
  ['nested without an end', '<b>'.repeat(600_000)],
  ['closed without a beginning', '<b>'.repeat(200_000) + '</i>'.repeat(200_000)],
])('reads only the first tags of a page where they are %s', async (_, html) => {
  expect(await read('text/html', html)).toMatchObject({ cut: true });
});
