import { describe, expect, it } from 'vitest';
import { allowedHost, type Host, mayConnect } from '../../../lib/io/web/host.ts';

const hostOf = (url: string, ...allow: string[]) => allowedHost(new URL(url), allow);

describe('an allowed host', () => {
  it('is named by an entry of its own, with the port of its scheme', () => {
    const host = { name: 'example.com', literal: false, private: false };
    expect(hostOf('https://example.com/a', 'example.com')).toEqual({ ...host, port: 443 });
    expect(hostOf('https://EXAMPLE.com./a', 'Example.COM')).toEqual({ ...host, port: 443 });
    expect(hostOf('http://example.com/a', 'http://example.com')).toEqual({ ...host, port: 80 });
    expect(hostOf('https://example.com/a', 'http://example.com')).toEqual({ ...host, port: 443 });
    expect(hostOf('http://127.0.0.1:8080', '127.0.0.1:8080')).toEqual({
      ...{ name: '127.0.0.1', port: 8080 },
      ...{ literal: true, private: true },
    });
    expect(hostOf('http://[::1]/', '[0:0::1]')).toMatchObject({ name: '::1', literal: true });
    expect(hostOf('https://bücher.example/', 'xn--bcher-kva.example')).toMatchObject({ port: 443 });
  });

  it('is a subdomain at any depth of a pattern', () => {
    for (const url of ['https://a.example.com', 'https://a.b.example.com'])
      expect(hostOf(url, '*.example.com')).toMatchObject({ private: false });
    expect(hostOf('http://a.example.com', 'http://*.example.com')).toMatchObject({ port: 80 });
  });

  it('is private where an entry of its own says so', () => {
    expect(hostOf('https://wiki.example.com', 'wiki.example.com private')).toMatchObject({ private: true });
    expect(hostOf('https://wiki.example.com', '*.example.com', 'wiki.example.com private')).toMatchObject({
      private: true,
    });
    expect(hostOf('https://wiki.example.com', '*.example.com private')).toMatchObject({ private: false });
    expect(hostOf('https://wiki.example.com', 'wiki.example.com', 'other.example.com private')).toMatchObject({
      private: false,
    });
  });

  it('is private over http only where one entry asks for both', () => {
    expect(hostOf('http://wiki.example.com', 'http://wiki.example.com', 'wiki.example.com private')).toMatchObject({
      private: false,
    });
    expect(hostOf('http://wiki.example.com', 'http://wiki.example.com private')).toMatchObject({ private: true });
  });

  it.each([
    ['https://example.com', '*.example.com'],
    ['https://badexample.com', '*.example.com'],
    ['https://a.example.com', 'example.com'],
    ['https://example.com.evil.test', 'example.com'],
    ['https://example.com:8443', 'example.com'],
    ['https://example.com', 'example.com:8443'],
    ['http://example.com', 'http://example.com:443'],
    ['http://127.0.0.1', '*.0.0.1'],
    ['https://example.com', '*'],
    ['https://example.com', '*.'],
    ['https://example.com', 'https://example.com'],
    ['https://example.com', 'example.com/path'],
    ['https://example.com', 'user@example.com'],
    ['https://example.com', 'example.com  private'],
    ['https://example.com', 'example.com public'],
    ['https://example.com', ''],
  ])('is not %s for the entry %j', (url, entry) => {
    expect(hostOf(url, entry)).toBe('not allowed');
  });

  it.each(['example.com', 'example.com:80', '*.com', 'example.com private'])(
    'is not reached over http for the entry %j, which does not ask for it',
    (entry) => {
      expect(hostOf('http://example.com', entry)).toBe('only over https');
    },
  );

  it('is none without entries', () => {
    expect(hostOf('https://example.com')).toBe('not allowed');
  });
});

describe('a connection', () => {
  const host: Host = { name: 'example.com', port: 443, literal: false, private: false };

  it.each([
    ['93.184.215.14', true, true],
    ['10.0.0.1', false, true],
    ['::1', false, true],
    ['169.254.169.254', false, false],
    ['localhost', false, false],
  ])('to %s is allowed for a host: %s, and for a private one: %s', (address, plain, own) => {
    expect(mayConnect(host, address)).toBe(plain);
    expect(mayConnect({ ...host, private: true }, address)).toBe(own);
  });
});
