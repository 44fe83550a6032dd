import { describe, expect, it } from 'vitest';
import { allowedHost, type Host, mayConnect } from '../../../lib/io/web/host.ts';

const hostOf = (url: string, ...allow: string[]) => allowedHost(new URL(url), allow);

describe('an allowed host', () => {
  it('is named by an entry of its own, with the port of its scheme', () => {
    const host = { name: 'example.com', literal: false, exact: true };
    expect(hostOf('https://example.com/a', 'example.com')).toEqual({ ...host, port: 443 });
    expect(hostOf('http://EXAMPLE.com./a', 'Example.COM')).toEqual({ ...host, port: 80 });
    expect(hostOf('http://127.0.0.1:8080', '127.0.0.1:8080')).toEqual({
      ...{ name: '127.0.0.1', port: 8080 },
      ...{ literal: true, exact: true },
    });
    expect(hostOf('http://[::1]/', '[0:0::1]')).toMatchObject({ name: '::1', literal: true });
    expect(hostOf('https://bücher.example/', 'xn--bcher-kva.example')).toMatchObject({ exact: true });
  });

  it('is a subdomain at any depth of a pattern, and then it is not exact', () => {
    for (const url of ['https://a.example.com', 'https://a.b.example.com'])
      expect(hostOf(url, '*.example.com')).toMatchObject({ exact: false });
    expect(hostOf('https://a.example.com', '*.example.com', 'a.example.com')).toMatchObject({ exact: true });
  });

  it.each([
    ['https://example.com', '*.example.com'],
    ['https://badexample.com', '*.example.com'],
    ['https://a.example.com', 'example.com'],
    ['https://example.com.evil.test', 'example.com'],
    ['https://example.com:8443', 'example.com'],
    ['https://example.com', 'example.com:8443'],
    ['http://example.com', 'example.com:443'],
    ['http://127.0.0.1', '*.0.0.1'],
    ['https://example.com', '*'],
    ['https://example.com', '*.'],
    ['https://example.com', 'https://example.com'],
    ['https://example.com', 'example.com/path'],
    ['https://example.com', 'user@example.com'],
    ['https://example.com', ''],
  ])('is not %s for the entry %j', (url, entry) => {
    expect(hostOf(url, entry)).toBeUndefined();
  });

  it('is none without entries', () => {
    expect(hostOf('https://example.com')).toBeUndefined();
  });
});

describe('a connection', () => {
  const host: Host = { name: 'example.com', port: 443, literal: false, exact: false };
  const exact = { ...host, exact: true };
  const literal = { ...exact, literal: true };

  /** Which of the three hosts may be reached at an address. */
  const reach = (address: string) => [host, exact, literal].map((one) => mayConnect(one, address));

  it.each(['93.184.215.14', '2606:2800:21f:cb07::1', '::ffff:93.184.215.14', '64:ff9b::5db8:d70e'])(
    'to the public address %s is allowed for every host',
    (address) => {
      expect(reach(address)).toEqual([true, true, true]);
    },
  );

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
  ])('to the private address %s needs an exact entry', (address) => {
    expect(reach(address)).toEqual([false, true, true]);
  });

  it.each([
    '169.254.169.254',
    'fd00:ec2::254',
    '224.0.0.1',
    '0.0.0.0',
    '240.0.0.1',
    '2002:7f00:1::',
    'fe80::1',
    '100::1',
  ])('to the special address %s needs an entry of that address', (address) => {
    expect(reach(address)).toEqual([false, false, true]);
  });

  it.each(['', 'localhost', '127.1', '::8.8.8.8.8', '93.184.215.14:80'])(
    'to %j, which is no address, is refused',
    (text) => {
      expect(reach(text)).toEqual([false, false, false]);
    },
  );

  it('to an IPv4 address in the old compatible form is not taken for a public one', () => {
    expect(reach('::8.8.8.8')).toEqual([false, false, true]);
  });
});
