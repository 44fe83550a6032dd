import net, { BlockList } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../../../lib/io/web/dial.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { ask, errorOf, kindOf, recordedHttp, somewherePublic } from '../../kit/guarded-http.ts';
import { type PagesServer, pagesServer } from '../../kit/wire/pages.ts';

let site: PagesServer;
beforeAll(async () => {
  site = await pagesServer();
});
afterAll(() => site.close());

/** Connects every address to loopback: nothing leaves this machine, with or without the guard. */
const recorded = (names: Record<string, string[]> = {}) => recordedHttp(() => site.port, names);

/** The IPv4 ranges that are not public, from the IANA registry, independent of the product's own list. */
const closed = new BlockList();
for (const range of '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3'.split(
  ' ',
)) {
  const [subnet = '', bits] = range.split('/');
  closed.addSubnet(subnet, Number(bits));
}

const bytesOf = (ip: string): number[] => ip.split('.').map(Number);
const hex = (ip: string): string =>
  bytesOf(ip)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
const groups = (ip: string): string => `${hex(ip).slice(0, 4)}:${hex(ip).slice(4)}`;
const inverted = (ip: string): string =>
  groups(
    bytesOf(ip)
      .map((byte) => 255 - byte)
      .join('.'),
  );

/** Ways to embed an IPv4 address in an IPv6 one. `through` says whether the inner address is reached, and so judged. */
const hidden: [name: string, form: (ip: string) => string, through: boolean][] = [
  ['mapped', (ip) => `::ffff:${ip}`, true],
  ['mapped, in hex', (ip) => `::ffff:${groups(ip)}`, true],
  ['mapped, written out', (ip) => `0:0:0:0:0:FFFF:${groups(ip).toUpperCase()}`, true],
  ['NAT64', (ip) => `64:ff9b::${ip}`, true],
  ['NAT64, in hex', (ip) => `0064:ff9b:0:0:0:0:${groups(ip)}`, true],
  ['local NAT64', (ip) => `64:ff9b:1::${ip}`, false],
  ['compatible', (ip) => `::${ip}`, false],
  ['translated', (ip) => `::ffff:0:${ip}`, false],
  ['6to4', (ip) => `2002:${groups(ip)}::1`, false],
  ['Teredo', (ip) => `2001:0:4136:e378:8000:63bf:${inverted(ip)}`, false],
  ['ISATAP', (ip) => `fe80::5efe:${ip}`, false],
  ['mapped, in a zone', (ip) => `::ffff:${ip}%eth0`, false],
];

const anyIp = fc.oneof(
  fc.ipV4(),
  fc.constantFrom(
    '127.0.0.1',
    '169.254.169.254',
    '169.254.170.2',
    '10.0.0.1',
    '100.100.100.200',
    '192.168.0.1',
    '0.0.0.0',
    '8.8.8.8',
    '255.255.255.255',
  ),
);

describe('the fetch guard, when a name resolves to an embedded address', () => {
  it.each(hidden)('connects only to public ones: %s', async (_, form, through) => {
    const law = fc.asyncProperty(anyIp, async (ip) => {
      const { http, targets } = recorded({ 'a.pages.test': [form(ip)] });
      const kind = await ask(http, 'http://a.pages.test/text', ['*.pages.test']).then(
        () => 'reached',
        (error: { kind?: string }) => error.kind,
      );
      const open = through && !closed.check(ip);
      expect([ip, kind, targets.length]).toEqual([ip, open ? 'reached' : 'refused', open ? 1 : 0]);
    });
    await fc.assert(law, { numRuns: 60 });
  });

  it.each([
    ['169.254.169.254'],
    ['::ffff:169.254.169.254'],
    ['fe80::1%lo'],
    ['fd00:ec2::254'],
    ['fd00:ec2::23'],
    ['::ffff:a9fe:a9fe%1'],
  ])('never connects to the cloud’s credentials at %s, even where the job names the host exactly', async (address) => {
    const { http, targets } = recorded({ 'pages.test': [address] });
    expect(await kindOf(ask(http, 'http://pages.test/', ['pages.test private', '*.test']))).toBe('refused');
    expect(targets).toEqual([]);
  });

  it.each([
    ['the bad one last', [somewherePublic, '2606:4700::1', '169.254.169.254']],
    ['the bad one first', ['127.0.0.1', somewherePublic]],
    ['the bad one in disguise', [somewherePublic, '64:ff9b::10.0.0.1']],
    ['no address at all among them', [somewherePublic, '']],
    ['a name among them', [somewherePublic, 'localhost']],
  ])('refuses several addresses for a bad one: %s', async (_, addresses) => {
    const { http, targets } = recorded({ 'a.pages.test': addresses });
    expect(await kindOf(ask(http, 'http://a.pages.test/', ['*.pages.test']))).toBe('refused');
    expect(targets).toEqual([]);
  });
});

describe('the fetch guard', () => {
  const spellings: [string, (ip: string) => string][] = [
    ['plain', (ip) => ip],
    ['with a trailing dot', (ip) => `${ip}.`],
    ['decimal', (ip) => String(Number(`0x${hex(ip)}`))],
    ['hex', (ip) => `0x${hex(ip)}`],
    [
      'octal',
      (ip) =>
        bytesOf(ip)
          .map((byte) => `0${byte.toString(8)}`)
          .join('.'),
    ],
    [
      'mixed',
      (ip) =>
        bytesOf(ip)
          .map((byte, at) => (at % 2 ? `0x${byte.toString(16)}` : String(byte)))
          .join('.'),
    ],
    ['short', (ip) => `${bytesOf(ip)[0]}.${Number(`0x${hex(ip).slice(2)}`)}`],
    ['percent-encoded', (ip) => [...ip].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('')],
    [
      'in full width',
      (ip) => [...ip].map((one) => (one === '.' ? '。' : String.fromCodePoint(one.charCodeAt(0) + 0xfee0))).join(''),
    ],
    ['mapped', (ip) => `[::ffff:${ip}]`],
    ['NAT64', (ip) => `[64:ff9b::${groups(ip)}]`],
  ];

  it.each(spellings)(
    'treats an address spelled %s as an address: no pattern, other name or lookup opens it',
    async (_, spell) => {
      const law = fc.asyncProperty(anyIp, async (ip) => {
        const { http, lookups, targets } = recorded({ [spell(ip)]: [somewherePublic], [ip]: [somewherePublic] });
        const allow = ['*.test', '*.0.0.1', '*.1', '*.254', 'localhost', 'pages.test', '1.2.3.4'].filter(
          (entry) => entry !== ip,
        );
        expect(await kindOf(ask(http, `http://${spell(ip)}/`, allow))).toBe('refused');
        expect([lookups, targets]).toEqual([[], []]);
      });
      await fc.assert(law, { numRuns: 40 });
    },
  );

  it.each([
    'http://[fe80::1%25eth0]/',
    'http://[fe80::1%eth0]/',
    'http://[::1',
    'http://256.256.256.256/',
    'http://1.2.3.4.5/',
    'http:///',
    'http://',
  ])('refuses %s, which is no URL, before any lookup', async (url) => {
    const { http, lookups, targets } = recorded();
    expect(await kindOf(ask(http, url, ['*.test', '[fe80::1]']))).toBe('refused');
    expect([lookups, targets]).toEqual([[], []]);
  });

  it.each([
    'http://pages.test@169.254.169.254/',
    'http://169.254.169.254#@pages.test/',
    'http://169.254.169.254\\@pages.test/',
    'http://169.254.169.254?http://pages.test/',
    'http:\\\\169.254.169.254\\',
    'http:169.254.169.254/',
    'ht\ntp://169.254\t.169.254/',
    ' http://169.254.169.254/ ',
    '//169.254.169.254/',
    'gopher://pages.test/',
    'data:text/plain,pages.test',
    'javascript:pages.test',
    'blob:http://pages.test/1',
  ])('refuses %j, which hides its host behind an allowed name', async (url) => {
    const { http, targets } = recorded({ 'pages.test': [somewherePublic] });
    expect(await kindOf(ask(http, url, ['pages.test']))).toBe('refused');
    expect(targets).toEqual([]);
  });
});

describe('the fetch guard at a redirect', () => {
  const to = (url: string) => `http://pages.test/redirect?to=${encodeURIComponent(url)}`;

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://[fd00:ec2::254]/',
    'http://127.0.0.1:8080/',
    'http://localhost/',
    'http://intern.pages.test/',
    'http://pages.test:22/',
    'http://pages.test@10.0.0.1/',
    '//10.0.0.1/',
    '\\\\10.0.0.1\\',
    'ftp://pages.test/',
    'file:///proc/self/environ',
  ])('does not follow a redirect to %s', async (url) => {
    const { http, targets } = recorded({
      'pages.test': [somewherePublic],
      'intern.pages.test': ['10.0.0.1'],
      localhost: ['127.0.0.1'],
    });
    const error = await errorOf(ask(http, to(url), ['pages.test', '*.pages.test']));
    expect(error.kind).toBe('refused');
    expect(targets.map(({ address }) => address)).toEqual([somewherePublic]);
  });

  it('resolves and checks the same name again at a redirect, so that it cannot become private meanwhile', async () => {
    const answers = [[somewherePublic], ['169.254.169.254']];
    const targets: Target[] = [];
    const http = guardedHttp({
      resolve: async () => answers.shift() ?? [],
      connect: async (target) => {
        targets.push(target);
        return net.connect(site.port, '127.0.0.1');
      },
    });
    expect(await kindOf(ask(http, to('http://pages.test/text'), ['pages.test']))).toBe('refused');
    expect(targets.map(({ address }) => address)).toEqual([somewherePublic]);
    expect(answers).toEqual([]);
  });
});

it('the fetch guard hands the connector the checked address, never the name', async () => {
  const { http, targets } = recorded({ 'a.pages.test': [somewherePublic] });
  await ask(http, 'http://a.pages.test/text', ['*.pages.test']);
  for (const { address } of targets) expect(net.isIP(address)).toBe(4);
});
