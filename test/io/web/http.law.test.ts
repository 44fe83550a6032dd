import net, { BlockList } from 'node:net';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Target } from '../../../lib/io/web/dial.ts';
import { redirected } from '../../../lib/io/web/hop.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';

const blockList = (type: 'ipv4' | 'ipv6', ranges: string): BlockList => {
  const list = new BlockList();
  for (const [subnet = '', bits] of ranges.split(' ').map((range) => range.split('/'))) {
    list.addSubnet(subnet, Number(bits), type);
  }
  return list;
};

/** Address ranges that are not public, from the IANA special-purpose registries, independent of the guard's own ranges. */
const special4 = blockList(
  'ipv4',
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
);
const special6 = blockList(
  'ipv6',
  '::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20',
);

/** Private networks and this machine, without the range of AWS's own services. */
const private4 = blockList('ipv4', '10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16');
const private6 = blockList('ipv6', '::1/128 fc00::/7');
const awsLocal = blockList('ipv6', 'fd00:ec2::/32');

/** An address as text, and the address that the guard must judge it as. */
type Form = { text: string; judgedAs: string };
const same = (text: string): Form => ({ text, judgedAs: text });
const isPublic = ({ judgedAs }: Form) =>
  net.isIPv4(judgedAs) ? !special4.check(judgedAs) : !special6.check(judgedAs, 'ipv6');

const isPrivate = ({ judgedAs }: Form) =>
  net.isIPv4(judgedAs)
    ? private4.check(judgedAs)
    : private6.check(judgedAs, 'ipv6') && !awsLocal.check(judgedAs, 'ipv6');

const near = fc.constantFrom(
  '127.0.0.1',
  '10.0.0.1',
  '172.31.255.255',
  '172.32.0.0',
  '169.254.169.254',
  '100.127.0.1',
  '8.8.8.8',
  '1.1.1.1',
);
const ipv4 = fc.oneof(near, fc.ipV4());
const ipv6 = fc.oneof(
  fc.constantFrom('::1', 'fe80::1', 'fd00:ec2::254', '2001:db8::1', '2606:4700::1', '2002:7f00:1::'),
  fc.integer({ min: 0x2000, max: 0x3fff }).map((first) => `${first.toString(16)}:4860::8888`),
  fc.ipV6().filter((text) => net.isIPv6(text) && !/^(::ffff:|64:ff9b:)/i.test(text)),
);
const form: fc.Arbitrary<Form> = fc.oneof(
  ipv4.map(same),
  ipv6.map(same),
  ipv4.map((inner) => ({ text: `::ffff:${inner}`, judgedAs: inner })),
  ipv4.map((inner) => ({ text: `64:ff9b::${inner}`, judgedAs: inner })),
);

const name = fc.constantFrom('pages.test', 'a.pages.test', 'a.b.pages.test', 'other.test', 'apages.test');
const port = fc.constantFrom('', '', ':80', ':443', ':8080');
const asDecimal = (ip: string) => String(ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0));
const literal = fc.oneof(
  ipv4,
  ipv4.map(asDecimal),
  ipv4.map((ip) => `0x${Number(asDecimal(ip)).toString(16)}`),
  ipv6.map((ip) => `[${ip}]`),
);

/** An entry of `allow` by its parts. `own` and `parent` are made from the URL's host, so that many entries fit. */
type Entry = { http: '' | 'http://'; star: '' | '*.'; host: string; port: string; own: '' | ' private' };
const entry: fc.Arbitrary<Entry> = fc.record({
  http: fc.constantFrom('', 'http://'),
  own: fc.constantFrom('', ' private'),
  star: fc.constantFrom('', '*.'),
  host: fc.oneof(fc.constantFrom('own', 'own', 'parent', 'parent'), name, ipv4),
  port,
});
const madeFor = (url: URL, entry: Entry): Entry => {
  const { host, port: at } = entry;
  if (host !== 'own' && host !== 'parent') return entry;
  const made = host === 'own' ? url.hostname : url.hostname.replace(/^[^.]*\./, '');
  return { ...entry, host: made, port: at || (url.port && `:${url.port}`) };
};

const defaultPort = (url: URL) => (url.protocol === 'https:' ? ':443' : ':80');
/** What the entries grant: the host at a private address too, at public ones only, or nothing. An address grants itself. */
const standing = (url: URL, entries: Entry[]): 'private' | 'public' | 'none' => {
  const used = url.port ? `:${url.port}` : defaultPort(url);
  const isName = url.hostname.endsWith('.test');
  const fitting = entries.filter((one) => (one.port || defaultPort(url)) === used);
  const named = fitting.filter(({ star, host }) => !star && host === url.hostname);
  if (!isName) return named.length > 0 ? 'private' : 'none';
  const covered = fitting.filter(({ star, host }) => star && url.hostname.endsWith(`.${host}`));
  const isGranted = ({ http }: Entry) => url.protocol === 'https:' || http !== '';
  if (named.some((one) => isGranted(one) && one.own !== '')) return 'private';
  return [...named, ...covered].some(isGranted) ? 'public' : 'none';
};

/** The addresses that the request tried to connect to, with these answers from the name server. */
const connections = async (url: string, allow: string[], answers: string[]) => {
  const targets: Target[] = [];
  const http = guardedHttp({
    resolve: async () => answers,
    connect: (target) => {
      targets.push(target);
      return Promise.reject(new Error('only recorded'));
    },
  });
  const signal = new AbortController().signal;
  await http({ method: 'GET', url, headers: {}, allow, maxBytes: 1, signal }).catch(() => {});
  return targets;
};

const request = fc
  .record({
    scheme: fc.constantFrom('http', 'https'),
    host: fc.oneof(name, literal),
    port,
    entries: fc.array(entry, { maxLength: 3 }),
  })
  .map(({ scheme, host, port: at, entries }) => {
    const url = new URL(`${scheme}://${host}${at}/`);
    return { url, entries: entries.map((one) => madeFor(url, one)) };
  });
const answers = fc.array(form, { minLength: 1, maxLength: 3 });

it('the fetch guard connects only to hosts that are allowed, over http and at a private address only if their entry says so', async () => {
  const seen = { private: 0, public: 0, none: 0 };
  const law = fc.asyncProperty(request, answers, async ({ url, entries }, forms) => {
    const stands = standing(url, entries);
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const isLiteral = !url.hostname.endsWith('.test');
    const asked = isLiteral ? [same(hostname)] : forms;
    const allow = entries.map(({ http, star, host, port: at, own }) => `${http}${star}${host}${at}${own}`);
    seen[stands] += 1;

    const reached = (await connections(url.href, allow, isLiteral ? [] : forms.map(({ text }) => text))).map(
      ({ address }) => address,
    );

    const mayReach = (one: Form) => isPublic(one) || (stands === 'private' && isPrivate(one));
    const expected = stands !== 'none' && asked.every(mayReach) ? asked.map(({ text }) => text) : [];
    expect(reached).toEqual(expected);
  });
  await fc.assert(law, { numRuns: 2000 });
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(40);
});

const place = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.constantFrom('a.test', 'b.test', 'b.a.test'),
    fc.constantFrom('', ':80', ':8080'),
  )
  .map(([scheme, host, at]) => `${scheme}://${host}${at}/path`);

it('a redirect takes no secret to another origin, and no body into a GET', () => {
  const harmless = { 'content-type': 'text/plain', accept: 'e' };
  const headers = { authorization: 'a', cookie: 'b', 'idempotency-key': 'c', 'x-key': 'd', ...harmless };
  const method = fc.constantFrom('GET', 'POST');
  const law = fc.property(place, place, method, fc.integer({ min: 299, max: 310 }), (from, to, method, status) => {
    const hop = { method, url: new URL(from), headers, body: method === 'POST' ? 'report' : undefined } as const;
    const next = redirected(hop, status, to);
    expect(next !== undefined).toBe([301, 302, 303, 307, 308].includes(status));
    if (!next) return;
    const secret = Object.keys(next.headers).filter((key) => !Object.hasOwn(harmless, key));
    expect(secret.length).toBe(next.url.origin === hop.url.origin ? 4 : 0);
    expect(next.method).toBe(status < 304 ? 'GET' : method);
    expect(next.body).toBe(next.method === 'POST' ? 'report' : undefined);
  });
  fc.assert(law, { numRuns: 1000 });
});
