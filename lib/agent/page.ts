import { byteLength, capped } from '../text.ts';
import { byteOrderMark, type DeclaredIn, decodedText } from './charset.ts';
import { type HtmlText, htmlText } from './html-text.ts';
import type { HttpResponse } from './http.ts';

/** An HTTP response as text for the model. `cut` is true if `body` does not show all of it. */
export type Page = { status: number; url: string; contentType: string; cut: boolean; body: string };

/** Maximum size of a response read from the network, in bytes. */
export const maxPageBytes = 2 * 1024 * 1024;
/** Maximum size of a page's text in bytes: a step's limit for one output, minus room for JSON. */
const maxTextBytes = 40 * 1024;

const htmlType = /^(text\/html|application\/xhtml\+xml)\b/;
const xmlType = /^(text|application)\/xml\b|\+xml\b/;
const cssType = /^text\/css\b/;
const textType = /^text\/|[/+](json|xml|yaml|x-yaml|x-ndjson|javascript|x-www-form-urlencoded)\b/;

/** Converts a response to a page: HTML to text with links, text by its charset, any other type to a note of type and size. */
export const page = async (response: HttpResponse): Promise<Page> => {
  const { status, url } = response;
  const contentType = response.headers['content-type'] ?? '';
  const content = await readable(response, contentType.trim().toLowerCase());
  const cut = response.cut || content.cut || byteLength(content.text) > maxTextBytes;
  return { status, url, contentType, cut, body: capped(content.text, maxTextBytes) };
};

const isUtf8 = (bytes: Uint8Array, isCut: boolean): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
    return true;
  } catch {
    return false;
  }
};

const readable = async ({ body: bytes, url, cut, headers }: HttpResponse, type: string): Promise<HtmlText> => {
  const coding = headers['content-encoding'];
  // Some servers name a coding that they did not use, as in `content-encoding: utf-8`.
  if (coding !== undefined && !isUtf8(bytes, cut))
    return { text: `[not text: coded as ${coding}, ${bytes.byteLength} bytes read, not shown]`, cut: false };
  if (htmlType.test(type)) return htmlText(decodedText(bytes, type, 'html', cut), url, maxTextBytes);
  if (textType.test(type) || (type === '' && (byteOrderMark(bytes) !== undefined || !bytes.includes(0))))
    return { text: decodedText(bytes, type, declaredIn(type), cut), cut: false };
  return { text: `[not text: ${type || 'no content type'}, ${bytes.byteLength} bytes read, not shown]`, cut: false };
};

const declaredIn = (type: string): DeclaredIn => {
  if (xmlType.test(type) || type === '') return 'xml';
  return cssType.test(type) ? 'css' : 'nowhere';
};
