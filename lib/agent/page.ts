import { byteLength, capped } from '../text.ts';
import type { HttpResponse } from './http.ts';

/** An HTTP response as text for the model. `cut` is true if `body` does not show all of it. */
export type Page = { status: number; url: string; contentType: string; cut: boolean; body: string };

/** Maximum size of a response read from the network, in bytes. */
export const maxPageBytes = 2 * 1024 * 1024;
/** Maximum size of a page's text in bytes: a step's limit for one output, minus room for JSON. */
const maxTextBytes = 40 * 1024;
/** Maximum number of tags to parse. The parser's time grows with the square of the nesting: a hostile page would take minutes. */
const maxTags = 50_000;

const htmlType = /^(text\/html|application\/xhtml\+xml)\b/;
const textType = /^text\/|[/+](json|xml|yaml|x-yaml|x-ndjson|javascript|x-www-form-urlencoded)\b/;
const charsetForm = /charset\s*=\s*["']?([^\s"';>]+)/i;

/** Converts a response to a page: HTML to text with links, text by its charset, any other type to a note of type and size. */
export const page = async (response: HttpResponse): Promise<Page> => {
  const { status, url, body: bytes } = response;
  const contentType = response.headers['content-type'] ?? '';
  const content = await readable(bytes, contentType.trim().toLowerCase(), url);
  const cut = response.cut || content.cut || byteLength(content.text) > maxTextBytes;
  return { status, url, contentType, cut, body: capped(content.text, maxTextBytes) };
};

type PageText = { text: string; cut: boolean };

const readable = async (bytes: Uint8Array, type: string, url: string): Promise<PageText> => {
  if (htmlType.test(type)) return htmlText(decoded(bytes, type, true), url);
  if (textType.test(type) || (type === '' && !bytes.includes(0)))
    return { text: decoded(bytes, type, false), cut: false };
  return { text: `[not text: ${type || 'no content type'}, ${bytes.byteLength} bytes read, not shown]`, cut: false };
};

/** Decodes text by its declared charset, or as UTF-8. Invalid bytes become U+FFFD. */
const decoded = (bytes: Uint8Array, type: string, html: boolean): string => {
  const head = html ? new TextDecoder('latin1').decode(bytes.subarray(0, 1024)) : '';
  const charset = charsetForm.exec(type)?.[1] ?? charsetForm.exec(head)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
};

const endOfTag = (html: string, count: number): number => {
  let at = -1;
  for (let seen = 0; seen <= count; seen += 1) {
    at = html.indexOf('<', at + 1);
    if (at === -1) return html.length;
  }
  return at;
};

const htmlText = async (html: string, base: string): Promise<PageText> => {
  const { convert } = await import('html-to-text');
  const end = endOfTag(html, maxTags);
  const link = { pathRewrite: (path: string) => URL.parse(path, base)?.href ?? path, noAnchorUrl: true };
  const text = convert(html.slice(0, end), {
    wordwrap: false,
    limits: { maxDepth: 200 },
    selectors: [
      { selector: 'a', options: { ...link, hideLinkHrefIfSameAsText: true } },
      { selector: 'img', format: 'skip' },
      { selector: 'svg', format: 'skip' },
      { selector: 'template', format: 'skip' },
      { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
      { selector: 'td', format: 'inlineSurround', options: { suffix: ' ' } },
      { selector: 'th', format: 'inlineSurround', options: { suffix: ' ' } },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ],
  });
  const lines = text.split('\n').map((line) => line.trimEnd());
  return { text: lines.join('\n'), cut: end < html.length };
};
