/** What a removed secret becomes. */
export const scrubMark = '[secret]';

const base64Forms = (secret: string): string[] =>
  [0, 1, 2].flatMap((offset) => {
    // Within a longer text the secret begins at any of three places of a group; letters that other bytes share are left out.
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const text = bytes.toString('base64').replace(/=+$/, '');
    const core = text.slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });

/** A text as a form encodes it (application/x-www-form-urlencoded). */
export const formEncoded = (text: string): string => new URLSearchParams({ text }).toString().slice('text='.length);

const percent = (text: string, everything: boolean): string =>
  [...Buffer.from(text)]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return !everything && /[\w.~-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
    })
    .join('');

const lowerPercent = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

/** The forms in which a server may send a secret back: plain, in JSON, URL-encoded, hexadecimal, and base64 at each place of a longer text. */
export const secretForms = (secret: string): string[] => {
  const encoded = [encodeURIComponent(secret), formEncoded(secret), percent(secret, false), percent(secret, true)];
  const json = JSON.stringify(secret).slice(1, -1);
  const hex = Buffer.from(secret).toString('hex');
  const all = [
    ...[secret, json, json.replaceAll('/', '\\/'), secret.replaceAll('&', '&amp;')],
    ...encoded.flatMap((form) => [form, lowerPercent(form)]),
    ...[hex, hex.toUpperCase()],
    ...base64Forms(secret),
  ];
  return [...new Set(all)].filter((form) => form.length > 0).sort((a, b) => b.length - a.length);
};

/** Whether a text holds a secret in one of its forms. */
export const holdsSecret = (text: string, secrets: string[]): boolean =>
  secrets.some((secret) => secretForms(secret).some((form) => text.includes(form)));

/** Removes secrets from a text. */
export const scrubbed = (text: string, secrets: string[]): string =>
  secrets
    .flatMap(secretForms)
    .sort((a, b) => b.length - a.length)
    .reduce((left, form) => left.replaceAll(form, scrubMark), text);

/** The fewest bytes of a secret's beginning that are removed from the end of a cut body. */
const fewestBytes = 4;

/** The longest end of a text that begins one of the forms. */
const begunAtEnd = (text: string, forms: string[]): number =>
  Math.max(
    0,
    ...forms.map((form) => {
      for (let length = Math.min(form.length - 1, text.length); length >= fewestBytes; length -= 1)
        if (text.endsWith(form.slice(0, length))) return length;
      return 0;
    }),
  );

const wide = (form: string, order: 'le' | 'be'): string =>
  [...form].map((letter) => (order === 'le' ? `${letter}\0` : `\0${letter}`)).join('');

/**
 * Removes secrets from the bytes of a body in any encoding that keeps ASCII, and in UTF-16. Of a cut body, also the beginning of a secret at
 * its end.
 */
export const scrubbedBytes = (body: Uint8Array, secrets: string[], cut = false): Uint8Array => {
  if (secrets.length === 0) return body;
  const narrow = secrets.flatMap(secretForms).sort((a, b) => b.length - a.length);
  const forms = [...narrow, ...narrow.flatMap((form) => [wide(form, 'le'), wide(form, 'be')])];
  const text = Buffer.from(body).toString('latin1');
  const whole = forms.reduce((left, form) => left.replaceAll(form, scrubMark), text);
  const end = cut ? begunAtEnd(whole, forms) : 0;
  if (whole === text && end === 0) return body;
  return Buffer.from(end > 0 ? `${whole.slice(0, -end)}${scrubMark}` : whole, 'latin1');
};
