import { setImmediate as immediately } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { htmlText } from '../../lib/agent/html-text.ts';

const convert = (html: string, maxChars = 40_960) => htmlText(html, 'http://pages.test/news/', maxChars);
const textOf = async (html: string) => (await convert(html)).text;

describe('HTML as text', () => {
  it.each([
    ['paragraphs and lines', '<p>a<p>b<br>c</p>d', 'a\n\nb\nc\n\nd'],
    ['headings', '<h1>a</h1>b<h2>c</h2>', 'a\n\nb\n\nc'],
    ['a list', '<ul><li>a<li><p>b</p>c<ul><li>d</ul></ul>e', ' * a\n * b\nc\n   * d\n\ne'],
    ['a numbered list', '<ol start=3><li>a</li><li>b</li></ol><ol><li>c</ol>', ' 3. a\n 4. b\n\n 1. c'],
    ['a quotation', 'a<blockquote>b</blockquote>c', 'a\n\n> b\n\nc'],
    ['preformatted text', '<pre>a\n   b &amp; c\n</pre>d', 'a\n   b & c\n\nd'],
    ['a table', '<table><tr><th>a<th>b<tr><td>c</td><td>d</td></table>', 'a b\nc d'],
    ['a rule', 'a<hr>b', `a\n\n${'-'.repeat(40)}\n\nb`],
    ['white space', ' a \n\t b<b> c</b>d <i> e</i>&nbsp;f', 'a b cd e\u00A0f'],
    ['what nobody sees', '<head><title>t</title></head><style>s</style><svg><text>v</text></svg><p>a', 'a'],
    ['empty elements', '<div><p></p><ul><li></li></ul></div>a<p></p><br><br><br>b', 'a\n\nb'],
    ['elements of any name', '<constructor>a</constructor><toString>b</toString><valueof>c', 'abc'],
    ['an emoji', `${'a'.repeat(16_383)}⛴🚢`, `${'a'.repeat(16_383)}⛴🚢`],
  ])('shows %s', async (_, html, text) => {
    expect(await textOf(html)).toBe(text.trim());
  });

  it.each([
    ['<a href="a?b=1&amp;c=2">x</a>', 'x [http://pages.test/news/a?b=1&c=2]'],
    ['<a href="http://other.test/">http://other.test/</a>', 'http://other.test/'],
    ['<a href="#top">x</a> <a>y</a> <a href="">z</a>', 'x y z'],
    ['<a href="http://[">x</a>', 'x [http://[]'],
    ['<a href="/a"><a href="/b">x', 'x [http://pages.test/b] [http://pages.test/a]'],
  ])('shows the address of the link %s', async (html, text) => {
    expect(await textOf(html)).toBe(text);
  });
});

describe('HTML of a hostile page', () => {
  const deep = 3_000;
  it.each([
    ['elements without an end', '<div>'.repeat(deep)],
    ['two kinds of elements', '<p><li>'.repeat(deep / 2)],
    ['elements closed by another name', '<b></i>'.repeat(deep)],
    ['links', '<a href=x>'.repeat(deep)],
  ])('is converted up to its first 2,000 nested %s', async (_, nested) => {
    expect(await convert(`seen ${nested}unseen`)).toEqual({ text: 'seen', cut: true });
  });

  it.each([
    ['opening', '<i></i>'.repeat(50_000)],
    ['closing', '</i>'.repeat(100_000)],
  ])('is converted up to its first 100,000 tags, also %s ones', async (_, tags) => {
    expect(await convert(`${tags}<p>unseen`)).toEqual({ text: '', cut: true });
    expect(await convert(`${tags}unseen`)).toMatchObject({ text: 'unseen', cut: false });
  });

  it('is converted up to the first tag after the text that fits', async () => {
    const { text, cut } = await convert('<p>ab'.repeat(16), 10);
    expect([text, cut]).toEqual(['ab\n\nab\n\nab\n\nab', true]);
  });

  it.each([
    ['quotations around many lines', '<blockquote>'.repeat(1_900) + 'a<br>'.repeat(40_000)],
    ['lists around preformatted lines', `${'<ul><li>'.repeat(900)}<pre>${'a\n'.repeat(900_000)}`],
    ['links around links', `${'<a href=x>b'.repeat(1_900)}${'</a>'.repeat(1_900)}`],
  ])('of %s is converted into no more text than fits', async (_, html) => {
    expect((await convert(html)).text.length).toBeLessThan(60_000);
  });

  it('lets other work of the process have its turn', async () => {
    let turns = 0;
    let isDone = false;
    const others = async () => {
      while (!isDone) {
        await immediately();
        turns += 1;
      }
    };
    const counting = others();
    await convert(`<p>${' '.repeat(16_384 * 20)}`);
    isDone = true;
    await counting;
    expect(turns).toBeGreaterThanOrEqual(20);
  });
});
