import fc from 'fast-check';

/** Texts that often break programs: blanks, lone surrogates, YAML and JSON syntax, names of object members. */
export const nastyTexts = [
  '',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '\u00a0',
  '\u2028',
  '\u0085',
  '\ufeff',
  '\ufffe',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '\ud83d',
  '\ude00',
  '\u{1f600}',
  'e\u0301',
  'İ',
  '𝟙',
  '__proto__',
  'constructor',
  'toString',
  'null',
  '~',
  'true',
  '0',
  '-1',
  '1e999',
  '-0',
  '0x10',
  '0o17',
  '.inf',
  '.nan',
  '9007199254740993',
  '123456789012345678901234567890',
  '2026-11-22T07:00:00Z',
  '${date}',
  '${',
  '$${',
  '${constructor}',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ': ',
  '- ',
  '? ',
  '#',
  ' #',
  '|',
  '>-',
  '&a ',
  '*a',
  '<<: ',
  '!x ',
  '!!binary ',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '"',
  "'",
  '\\',
  '\\u0000',
  '\\ud800',
  '/',
  '../../',
  '#step#00001',
  'x'.repeat(300),
];

/** One UTF-16 unit, possibly a lone surrogate. */
export const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

/** Any UTF-16 text, and the nasty texts. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nastyTexts) },
  { weight: 2, arbitrary: fc.string({ unit, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', '"', '漢', '\ud800', '\u0000', '\n'), fc.nat(3000))
      .map(([one, times]) => one.repeat(times)),
  },
);

/** An edit of a text at a place counted modulo its length. */
export type TextEdit = {
  kind: 'insert' | 'over' | 'cut' | 'end' | 'twice' | 'flip' | 'nest';
  at: number;
  length: number;
  text: string;
};

export const textEdit: fc.Arbitrary<TextEdit> = fc.record({
  kind: fc.oneof(
    {
      weight: 50,
      arbitrary: fc.constantFrom<TextEdit['kind'][]>('insert', 'insert', 'over', 'over', 'cut', 'twice', 'flip', 'end'),
    },
    { weight: 1, arbitrary: fc.constant('nest' as const) },
  ),
  at: fc.nat(4000),
  length: fc.integer({ min: 1, max: 12 }),
  text: fc.oneof(fc.constantFrom(...nastyTexts), fc.string({ unit, maxLength: 3 })),
});

const flipped = (text: string, at: number, bit: number): string =>
  text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (bit % 8))) + text.slice(at + 1);

const lineAt = (text: string, at: number): string => {
  const start = text.lastIndexOf('\n', at) + 1;
  const end = text.indexOf('\n', at);
  return text.slice(start, end < 0 ? undefined : end + 1);
};

const edit = (text: string, { kind, at, length, text: with_ }: TextEdit): string => {
  const place = text.length === 0 ? 0 : at % text.length;
  if (kind === 'insert') return text.slice(0, place) + with_ + text.slice(place);
  if (kind === 'over') return text.slice(0, place) + with_ + text.slice(place + length);
  if (kind === 'cut') return text.slice(0, place) + text.slice(place + length);
  if (kind === 'end') return text.slice(0, place);
  if (kind === 'twice') return text.slice(0, place) + lineAt(text, place) + text.slice(place);
  if (kind === 'nest')
    return text.slice(0, place) + (at % 2 ? '[' : '{"a":').repeat(length ** 3 + 1) + text.slice(place);
  return text.length === 0 ? text : flipped(text, place, length);
};

/** Applies edits to a text. */
export const edited = (text: string, edits: TextEdit[]): string => edits.reduce(edit, text);
