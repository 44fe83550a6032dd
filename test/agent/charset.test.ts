import { describe, expect, it } from 'vitest';
import { byteOrderMark, type DeclaredIn, decodedText } from '../../lib/agent/charset.ts';

const latin = (text: string) => Buffer.from(text, 'latin1');
const wide = (text: string) => Buffer.from(text, 'utf16le');
const wideSwapped = (text: string) => wide(text).swap16();
const read = (bytes: Buffer, type = '', declaredIn: DeclaredIn = 'nowhere') => decodedText(bytes, type, declaredIn);

describe('a text from outside', () => {
  it.each<[string, Buffer, string]>([
    ['UTF-8', Buffer.from('\uFEFFtvå'), 'utf-8'],
    ['UTF-16, little end first', wide('\uFEFFtvå'), 'utf-16le'],
    ['UTF-16, big end first', wideSwapped('\uFEFFtvå'), 'utf-16be'],
  ])('is read by its byte order mark of %s, whatever its type says', (_, bytes, charset) => {
    expect(byteOrderMark(bytes)).toBe(charset);
    for (const type of ['', 'text/plain; charset=iso-8859-1']) expect(read(bytes, type)).toBe('två');
  });

  it.each(['iso-8859-1', '"ISO-8859-1"', "'latin1'", ' windows-1252 ; format=flowed'])(
    'is read by the charset %s of its content type',
    (charset) => {
      expect(read(latin('blåbär'), `text/plain; charset=${charset}`)).toBe('blåbär');
    },
  );

  it('is read as windows-1252 where its type says latin1, as browsers do', () => {
    expect(read(Buffer.from([0x80, 0x93]), 'text/plain; charset=iso-8859-1')).toBe('€“');
  });

  it.each<[string, string, DeclaredIn]>([
    ['a meta tag', '<html><meta charset=iso-8859-1>', 'html'],
    ['the last attribute of a meta tag', '<meta name="x" charset="latin1"/>', 'html'],
    ['a meta tag for a header', '<meta http-equiv=Content-Type content="text/html; charset=ISO-8859-1">', 'html'],
    ['the second meta tag', '<meta name="viewport"><META CHARSET=\'iso-8859-1\'>', 'html'],
    ['an XML declaration of a page', '<?xml version="1.0" encoding="ISO-8859-1"?>', 'html'],
    ['an XML declaration', "<?xml version='1.0' encoding='iso-8859-1' standalone='yes'?>", 'xml'],
    ['the first rule of a style sheet', '@charset "iso-8859-1";', 'css'],
  ])('is read by the encoding in %s', (_, head, declaredIn) => {
    expect(read(latin(`${head}blåbär`), 'text/x', declaredIn)).toBe(`${head}blåbär`);
  });

  it('is read by its content type where the text declares another encoding', () => {
    const text = '<meta charset="iso-8859-1">två';
    expect(read(Buffer.from(text), 'text/html; charset=utf-8', 'html')).toBe(text);
  });

  it.each([
    ['in a comment', '<!-- <meta charset=koi8-r> -->'],
    ['in a script', '<script>var charset="koi8-r"</script>'],
    ['of a form', '<form accept-charset=koi8-r>'],
    ['of a meta tag with another attribute that ends like it', '<meta data-accept-charset=koi8-r>'],
    ['after the first 1,024 bytes', `${' '.repeat(1024)}<meta charset=koi8-r>`],
    ['that is not known', '<meta charset=klingon>'],
    ['in UTF-16, which cannot be so', '<meta charset=utf-16>'],
  ])('is UTF-8 where an encoding stands %s', (_, head) => {
    expect(read(Buffer.from(`${head}två`), 'text/html', 'html')).toBe(`${head}två`);
  });

  it('is read as UTF-16 where its XML declaration is', () => {
    const text = '<?xml version="1.0"?><t>två</t>';
    expect(read(wide(text), 'text/xml', 'xml')).toBe(text);
    expect(read(wideSwapped(text), 'text/xml', 'xml')).toBe(text);
  });

  it('is read as windows-1252 where it declares nothing and is not UTF-8', () => {
    expect(read(latin('blåbär'), 'text/csv')).toBe('blåbär');
  });

  it('is read as UTF-8 with a mark for each broken byte where most of it is UTF-8', () => {
    expect(read(Buffer.concat([Buffer.from('två färjor'), Buffer.of(0xff)]), 'text/csv')).toBe('två färjor\uFFFD');
  });

  it('ends each line with a line feed', () => {
    expect(read(Buffer.from('a\rb\r\nc\n\rd'))).toBe('a\nb\nc\n\nd');
  });

  it('loses the part of a character at which it was cut, without a mark', () => {
    const cut = Buffer.from('två').subarray(0, 3);
    expect(decodedText(cut, 'text/plain; charset=utf-8', 'nowhere', true)).toBe('tv');
    expect(decodedText(cut, '', 'nowhere', true)).toBe('tv');
  });
});
