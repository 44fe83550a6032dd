import { describe, expect, it } from 'vitest';
import { allowEntry, normalizedHost } from '../../lib/job/allow-entry.ts';

describe('an entry of allow', () => {
  const entry = { name: 'example.com', pattern: false, port: undefined, http: false, private: false };
  it.each([
    ['example.com', entry],
    ['Example.COM.', entry],
    ['*.example.com:8443', { ...entry, pattern: true, port: 8443 }],
    ['http://example.com', { ...entry, http: true }],
    ['example.com private', { ...entry, private: true }],
    ['http://example.com:8080 private', { ...entry, http: true, private: true, port: 8080 }],
    ['*.example.com private', { ...entry, pattern: true }],
    ['bücher.example', { ...entry, name: 'xn--bcher-kva.example' }],
  ])('%s is read', (text, read) => {
    expect(allowEntry(text)).toEqual(read);
  });

  it.each(['localhost', 'localhost:8080', 'api.localhost', '127.0.0.1', '[::1]:80', '10.0.0.1', '0x7f.1'])(
    '%s asks for http and a private address by itself',
    (text) => {
      expect(allowEntry(text)).toMatchObject({ http: true, private: true });
    },
  );

  it.each(['*.localhost', 'localhost.example.com', 'notlocalhost'])('%s asks for neither', (text) => {
    expect(allowEntry(text)).toMatchObject({ http: false, private: false });
  });

  it.each([
    '',
    '*',
    '*.',
    'https://example.com',
    'example.com/a',
    'a@example.com',
    ' example.com',
    'example.com private ',
  ])('%j is none', (text) => {
    expect(allowEntry(text)).toBeUndefined();
  });
});

it('a host is normalized as in a URL', () => {
  expect(['EXAMPLE.com.', '2130706433', '[0:0::1]', 'a b', ''].map(normalizedHost)).toEqual([
    ...['example.com', '127.0.0.1', '::1'],
    ...[undefined, undefined],
  ]);
});
