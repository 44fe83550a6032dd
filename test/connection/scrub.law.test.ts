import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsSecret, scrubbed, scrubbedBytes, scrubMark, secretForms } from '../../lib/connection/scrub.ts';

/** A secret as `secretProblem` lets it in: printable ASCII without blanks. Letters that end or begin a form elsewhere are part of it. */
const secret = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 80,
});
const around = fc.string({ maxLength: 30 });

/** What servers do with a text before they send it back. */
const ways: Record<string, (text: string) => string> = {
  plain: (text) => text,
  json: (text) => JSON.stringify({ text }),
  'URL component': (text) => encodeURIComponent(text.toWellFormed()),
  form: (text) => new URLSearchParams({ text }).toString(),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'lower percent': (text) => encodeURIComponent(text.toWellFormed()).replace(/%../g, (code) => code.toLowerCase()),
};

/** What a reader could undo. */
const undone: Record<string, (text: string) => string> = {
  'URL component': decodeURIComponent,
  'lower percent': decodeURIComponent,
  hex: (text) => Buffer.from(text, 'hex').toString(),
};

describe('a secret that a server sends back', () => {
  it.each(Object.keys(ways))('is removed from a text as %s, wherever it stands', (way) => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const sent = ways[way]?.(`${before}${value}${after}`) ?? '';
        const clean = scrubbed(sent, [value]);
        expect(clean).not.toContain(value);
        expect(clean).toContain(scrubMark);
        expect(holdsSecret(clean, [value])).toBe(false);
        expect(holdsSecret(sent, [value])).toBe(true);
        expect(undone[way]?.(clean.replaceAll(scrubMark, '')) ?? '').not.toContain(value);
      }),
    );
  });

  it.each(['latin1', 'utf8', 'utf16le'] as const)('is removed from bytes of %s', (encoding) => {
    fc.assert(
      fc.property(secret, (value) => {
        const clean = scrubbedBytes(Buffer.from(`key: ${value}.`, encoding), [value]);
        expect(Buffer.from(clean).toString(encoding)).not.toContain(value);
      }),
    );
  });

  it('is removed from UTF-16 with the larger byte first', () => {
    const bytes = Buffer.from('the key s3cr3t-value.', 'utf16le').swap16();
    expect(Buffer.from(scrubbedBytes(bytes, ['s3cr3t-value'])).toString('latin1')).toContain(scrubMark);
  });

  it('is removed from the end of a body that was cut within it', () => {
    fc.assert(
      fc.property(secret, fc.integer({ min: 4, max: 7 }), (value, kept) => {
        const clean = scrubbedBytes(Buffer.from(`.. ${value.slice(0, kept)}`), [value], true);
        expect(Buffer.from(clean).toString()).toBe(`.. ${scrubMark}`);
      }),
      { examples: [['aaaaaaaa', 4]] },
    );
  });

  it('leaves every other text as it is', () => {
    const body = Buffer.from('nothing of the kind');
    expect(scrubbedBytes(body, ['s3cr3t-value'], true)).toBe(body);
    expect(scrubbedBytes(body, [])).toBe(body);
    expect(scrubbed('nothing', ['s3cr3t-value'])).toBe('nothing');
  });

  it('has forms of which none is empty, the longest first', () => {
    const forms = secretForms('abc/+&"def');
    expect(forms.every((form) => form.length > 0)).toBe(true);
    expect(forms.toSorted((a, b) => b.length - a.length)).toEqual(forms);
  });
});
