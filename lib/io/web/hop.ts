import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type HttpRequest, isSafe } from '../../agent/http.ts';
import { ToolError } from '../../agent/tool.ts';

/** One request: the first, or one after a redirect. Header names are in lower case. */
export type Hop = {
  method: HttpRequest['method'];
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
};

const redirects = [301, 302, 303, 307, 308];
/** Headers that a tool may not set: the client sets them, or two servers could read the request differently (smuggling). */
const reserved =
  /^(host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|accept-encoding|proxy-.*)$/;
/** Headers that a redirect to another origin keeps. Keys, cookies and all other headers are dropped. */
const keptHeaders = ['accept', 'accept-language', 'content-type', 'user-agent'];

/** Size of all headers together. Most servers refuse more than 8 KB of them. */
const maxHeaderChars = 8_000;

/** Parses a URL and removes the trailing dot of its host: the same host would count as another origin. */
const urlOf = (text: string, base?: URL): URL | null => {
  const url = URL.parse(text, base?.href);
  if (url) url.hostname = url.hostname.replace(/\.$/, '');
  return url;
};

const checkedHeader = (key: string, value: string): [string, string] => {
  const name = key.toLowerCase();
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch (cause) {
    throw new ToolError('refused', `header ${JSON.stringify(key)} has an illegal name or value`, { cause });
  }
  if (reserved.test(name)) throw new ToolError('refused', `header ${name} may not be set`);
  return [name, value];
};

/** The first hop of a request. Throws ToolError `refused` for an invalid URL and for illegal, reserved or too many headers. */
export const firstHop = ({ method, url: text, headers, body }: HttpRequest): Hop => {
  const url = urlOf(text);
  if (!url) throw new ToolError('refused', 'the URL cannot be parsed');
  const size = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > maxHeaderChars)
    throw new ToolError('refused', `the headers have ${size} characters, at most ${maxHeaderChars} are sent`);
  const checked = Object.entries(headers).map(([name, value]) => checkedHeader(name, value));
  return {
    method,
    url,
    headers: { 'user-agent': 'nightshift', accept: '*/*', ...Object.fromEntries(checked) },
    body: isSafe(method) || (method === 'DELETE' && body === undefined) ? undefined : (body ?? ''),
  };
};

const only = (headers: Record<string, string>, keep: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)));

/**
 * The next request after a redirect, or undefined if the response is no redirect or has no valid location.
 * By the rules of fetch: 303, and 301 and 302 after a POST, become a GET without a body; 307 and 308 repeat the request.
 */
export const redirected = (hop: Hop, status: number, location: string | undefined): Hop | undefined => {
  const url = redirects.includes(status) && location !== undefined ? urlOf(location, hop.url) : null;
  if (!url) return undefined;
  const headers = only(hop.headers, (name) => url.origin === hop.url.origin || keptHeaders.includes(name));
  const repeats = isSafe(hop.method) || status >= 307 || (hop.method !== 'POST' && status !== 303);
  if (repeats) return { ...hop, url, headers };
  return { method: 'GET', url, headers: only(headers, (name) => !name.startsWith('content-')), body: undefined };
};
