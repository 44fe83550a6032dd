/** How a text declares its encoding inside: `html` in a meta tag, `xml` in its declaration, `css` in its first rule. */
export type DeclaredIn = 'html' | 'xml' | 'css' | 'nowhere';

const byteOrderMarks: [charset: string, bytes: number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];
/** `<?` in UTF-16, the start of an XML declaration without a byte order mark. */
const wideDeclarations: [charset: string, bytes: number[]][] = [
  ['utf-16le', [0x3c, 0, 0x3f, 0]],
  ['utf-16be', [0, 0x3c, 0, 0x3f]],
];
/** How many bytes of a text are searched for a declaration, by the HTML standard. */
const searchedBytes = 1024;

const labelForm = /charset\s*=\s*["']?\s*([^\s"';>]+)/i;
const metaForm = /<meta[\s/][^>]*>/gi;
const metaLabelForm = /[\s"';/]charset\s*=\s*["']?\s*([^\s"'/;>]+)/i;
const xmlForm = /^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']/i;
const cssForm = /^@charset "([^"]+)";/;

const startsWith = (bytes: Uint8Array, start: number[]): boolean => start.every((byte, at) => bytes[at] === byte);
const charsetStarting = (bytes: Uint8Array, starts: [string, number[]][]): string | undefined =>
  starts.find(([, start]) => startsWith(bytes, start))?.[0];

/** The encoding that a byte order mark names. It overrides every declaration. */
export const byteOrderMark = (bytes: Uint8Array): string | undefined => charsetStarting(bytes, byteOrderMarks);

const metaLabel = (head: string): string | undefined => {
  for (const [tag] of head.replace(/<!--[\s\S]*?(?:-->|$)/g, '').matchAll(metaForm)) {
    const label = metaLabelForm.exec(tag)?.[1];
    if (label !== undefined) return label;
  }
  return undefined;
};

/** The encoding that the text itself declares. A declaration that can be read byte by byte is not in UTF-16, whatever it says. */
const declared = (bytes: Uint8Array, declaredIn: DeclaredIn): string | undefined => {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, searchedBytes));
  const isXml = declaredIn === 'xml' || declaredIn === 'html';
  const wide = isXml ? charsetStarting(bytes, wideDeclarations) : undefined;
  if (wide !== undefined) return wide;
  const label =
    (isXml ? xmlForm.exec(head)?.[1] : undefined) ??
    (declaredIn === 'html' ? metaLabel(head) : undefined) ??
    (declaredIn === 'css' ? cssForm.exec(head)?.[1] : undefined);
  if (label === undefined) return undefined;
  return /^(?:unicode|u(?:cs|tf)-?16)/i.test(label) ? 'utf-8' : label;
};

/** Undefined where this runtime knows no such encoding. */
const decoderOf = (label: string | undefined) => {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
};

const broken = /\uFFFD/g;
const notAscii = /[\u0080-\uFFFC\uFFFE\uFFFF]/g;
const count = (text: string, form: RegExp): number => text.match(form)?.length ?? 0;

/** Text without a declaration: UTF-8, or windows-1252 where more of it is broken as UTF-8 than is whole. */
const guessed = (bytes: Uint8Array, isCut: boolean): string => {
  const text = new TextDecoder().decode(bytes, { stream: isCut });
  const broke = count(text, broken);
  return broke > 0 && broke > count(text, notAscii) ? new TextDecoder('windows-1252').decode(bytes) : text;
};

/**
 * Decodes a text as a browser does: by its byte order mark, else by the `charset` of its content type, else by its own declaration, else as
 * UTF-8 or windows-1252. Invalid bytes become U+FFFD, and every line ends with a line feed. `isCut`: the last character may be incomplete.
 * Source: the sniffing algorithm of the HTML standard, and XML 1.0, appendix F.
 */
export const decodedText = (bytes: Uint8Array, contentType: string, declaredIn: DeclaredIn, isCut = false): string => {
  const decoder =
    decoderOf(byteOrderMark(bytes)) ??
    decoderOf(labelForm.exec(contentType)?.[1]) ??
    decoderOf(declared(bytes, declaredIn));
  const text = decoder ? decoder.decode(bytes, { stream: isCut }) : guessed(bytes, isCut);
  return text.replace(/\r\n?/g, '\n');
};
