import { setImmediate as immediately } from 'node:timers/promises';

/** A page's text and its links. `cut`: the HTML holds more than was converted. */
export type HtmlText = { text: string; cut: boolean };

/** Maximum number of tags to convert, closing ones included. */
const maxTags = 100_000;
/** Maximum number of elements inside one another. The parser's time for a tag grows with the depth; Chromium nests no more than 512. */
const maxDepth = 2_000;
/** How many characters are parsed before other work of the process has its turn. */
const sliceChars = 16_384;
/** Deepest list that is indented, and the longest row of empty lines. */
const maxIndents = 8;
const maxBreaks = 2;

const invisible = new Set(['script', 'style', 'template', 'svg', 'title', 'head']);
/** How many line breaks surround an element. */
const breaksAround: Record<string, number> = {
  ...Object.fromEntries(
    [
      'address',
      'article',
      'aside',
      'dd',
      'div',
      'dl',
      'dt',
      'footer',
      'form',
      'header',
      'li',
      'main',
      'nav',
      'section',
      'tr',
    ].map((name) => [name, 1]),
  ),
  ...Object.fromEntries(
    ['blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'ol', 'p', 'pre', 'table', 'ul'].map((name) => [name, 2]),
  ),
};

/** Collects words and writes the line breaks, the space and the list marker between them, each only when a word follows. */
const textWriter = () => {
  let text = '';
  let breaks = 0;
  let isSpaced = false;
  let marker = '';
  const write = (words: string): void => {
    if (text !== '') text += breaks > 0 ? '\n'.repeat(breaks) : isSpaced ? ' ' : '';
    text += marker + words;
    breaks = 0;
    isSpaced = false;
    marker = '';
  };
  return {
    length: () => text.length,
    textFrom: (start: number) => text.slice(start),
    write,
    space: () => {
      isSpaced = true;
    },
    mark: (next: string) => {
      marker ||= next;
    },
    /** Drops the marker of an item that ended without a word. */
    unmark: () => {
      marker = '';
    },
    /** At least this many line breaks. A list item keeps its first line beside its marker. */
    atLeast: (count: number) => {
      if (marker === '' || breaks === 0) breaks = Math.max(breaks, count);
    },
    oneMore: () => {
      breaks = Math.min(breaks + 1, maxBreaks);
    },
    /** Writes text with its white space as one space. */
    writeCollapsed: (data: string) => {
      const words = data.replace(/[ \t\n\f\r\u200B]+/g, ' ');
      if (words.startsWith(' ')) isSpaced = true;
      const trimmed = words.replace(/^ | $/g, '');
      if (trimmed === '') return;
      write(trimmed);
      isSpaced = words.endsWith(' ');
    },
  };
};

type Writer = ReturnType<typeof textWriter>;
type Link = { href: string; start: number };
type List = { next: number | undefined };

/** Where the conversion is: in which links, lists and preformatted texts, innermost last. */
type Place = { links: Link[]; lists: List[]; preformatted: number };

const markItem = (writer: Writer, { lists }: Place): void => {
  const list = lists.at(-1);
  const indent = '  '.repeat(Math.min(Math.max(0, lists.length - 1), maxIndents));
  writer.mark(list?.next === undefined ? `${indent} * ` : `${indent} ${list.next}. `);
  if (list?.next !== undefined) list.next += 1;
};

type Attributes = Record<string, string>;

/** What an opening tag does beside its line breaks. */
const opening: Record<string, (writer: Writer, place: Place, attributes: Attributes) => void> = {
  a: (writer, { links }, { href = '' }) => void links.push({ href, start: writer.length() }),
  ol: (_, { lists }, { start = '' }) => void lists.push({ next: Number.parseInt(start, 10) || 1 }),
  ul: (_, { lists }) => void lists.push({ next: undefined }),
  li: markItem,
  blockquote: (writer) => writer.mark('> '),
  pre: (_, place) => {
    place.preformatted += 1;
  },
  br: (writer) => writer.oneMore(),
  hr: (writer) => writer.write('-'.repeat(40)),
};

const separate = (name: string, writer: Writer, { lists }: Place): void => {
  const breaks = Object.hasOwn(breaksAround, name) ? breaksAround[name] : undefined;
  if (breaks !== undefined) writer.atLeast(lists.length > 0 ? 1 : breaks);
};

const openTag = (name: string, attributes: Attributes, writer: Writer, place: Place): void => {
  separate(name, writer, place);
  if (Object.hasOwn(opening, name)) opening[name]?.(writer, place, attributes);
};

const closeTag = (name: string, writer: Writer, place: Place, base: string): void => {
  if (name === 'a') writeLink(place.links.pop(), writer, base);
  if (name === 'ol' || name === 'ul') place.lists.pop();
  if (name === 'pre') place.preformatted -= 1;
  if (name === 'li' || name === 'blockquote') writer.unmark();
  if (name === 'td' || name === 'th') writer.space();
  separate(name, writer, place);
};

/** Writes a link's address after its text, unless the text is the address or the link stays on the page. */
const writeLink = (link: Link | undefined, writer: Writer, base: string): void => {
  if (!link || link.href === '' || link.href.startsWith('#')) return;
  const href = URL.parse(link.href, base)?.href ?? link.href;
  const shown = writer.textFrom(link.start).trim();
  if (shown === href || shown === link.href) return;
  writer.space();
  writer.write(`[${href}]`);
};

/** Writes preformatted text as it is. Its last line break counts only if more text follows. */
const writePreformatted = (data: string, writer: Writer): void => {
  writer.write(data.replace(/\n$/, ''));
  if (data.endsWith('\n')) writer.oneMore();
};

const afterTags = (html: string, count: number): number => {
  let at = -1;
  for (let seen = 0; seen <= count; seen += 1) {
    at = html.indexOf('<', at + 1);
    if (at === -1) return html.length;
  }
  return at;
};

/**
 * Converts HTML to text with links in brackets, in one pass and in slices: a hostile page blocks nobody. It stops after `maxChars` characters of
 * text, and at its bounds of tags and nesting.
 */
export const htmlText = async (html: string, base: string, maxChars: number): Promise<HtmlText> => {
  const { Parser } = await import('htmlparser2');
  const writer = textWriter();
  const place: Place = { links: [], lists: [], preformatted: 0 };
  const end = afterTags(html, maxTags);
  let depth = 0;
  let hidden = 0;
  let cut = false;
  const isOver = (): boolean => {
    cut ||= depth > maxDepth || writer.length() > maxChars;
    if (cut) parser.pause();
    return cut;
  };
  const parser = new Parser({
    onopentag: (name, attributes) => {
      depth += 1;
      if (hidden > 0 || invisible.has(name)) hidden += 1;
      if (!isOver() && hidden === 0) openTag(name, attributes, writer, place);
    },
    ontext: (data) => {
      if (isOver() || hidden > 0) return;
      if (place.preformatted > 0) writePreformatted(data, writer);
      else writer.writeCollapsed(data);
    },
    onclosetag: (name) => {
      depth -= 1;
      if (isOver()) return;
      if (hidden > 0) hidden -= 1;
      else closeTag(name, writer, place, base);
    },
  });
  for (let at = 0; at < end && !cut; at += sliceChars) {
    parser.write(html.slice(at, Math.min(at + sliceChars, end)));
    await immediately();
  }
  if (!cut) parser.end();
  cut ||= end < html.length;
  const lines = writer
    .textFrom(0)
    .split('\n')
    .map((line) => line.trimEnd());
  return { text: lines.join('\n').trim(), cut };
};
