import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A host that the job allows: `literal` if the URL names an address, `exact` if an entry names this host and not a pattern. */
export type Host = { name: string; port: number; literal: boolean; exact: boolean };

const entryForm = /^(?<pattern>\*\.)?(?<name>\[[0-9a-f:.]+\]|[^\s:/?#@\\[\]*]+)(?::(?<port>\d{1,5}))?$/i;

/** Lower case, punycode, one trailing dot off, addresses in their one usual form and without brackets: as WHATWG URL reads them. */
const plainName = (name: string): string | undefined =>
  URL.parse(`http://${name}`)?.hostname.replace(/^\[(.*)\]$|\.$/, '$1');

const schemePort = (url: URL): number => (url.protocol === 'https:' ? 443 : 80);

const entryGrants = (
  entry: string,
  host: Pick<Host, 'name' | 'port'>,
  defaultPort: number,
): 'exact' | 'pattern' | undefined => {
  const parts = entryForm.exec(entry)?.groups;
  const name = plainName(parts?.name ?? '');
  if (!parts || !name || Number(parts.port ?? defaultPort) !== host.port) return undefined;
  // A pattern never covers an address: URL reads a number at the end, as in `*.0.0.1`, as a whole address of its own.
  if (!parts.pattern) return name === host.name ? 'exact' : undefined;
  return host.name.endsWith(`.${name}`) ? 'pattern' : undefined;
};

/**
 * The host an http or https URL names, or undefined if no entry of `allow` covers it. `example.com` covers exactly that host,
 * `*.example.com` its subdomains at any depth but not itself, and no address. An entry without a port covers the scheme's own
 * port only, one with a port exactly that port.
 */
export const allowedHost = (url: URL, allow: readonly string[]): Host | undefined => {
  const name = plainName(url.hostname);
  if (!name) return undefined;
  const host = { name, port: Number(url.port || schemePort(url)), literal: isIP(name) !== 0 };
  const grants = allow.map((entry) => entryGrants(entry, host, schemePort(url)));
  if (!grants.some(Boolean)) return undefined;
  return { ...host, exact: grants.includes('exact') };
};

const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** Where AWS keeps instance metadata and pod credentials on IPv6: inside the private range, and worse than private. */
const awsLocal = ipaddr.IPv6.parseCIDR('fd00:ec2::/32');
const privateRanges = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'];

/** The IPv4 address inside a mapped or NAT64 form; any other address itself. */
const unwrapped = (address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 => {
  if (address instanceof ipaddr.IPv4) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(nat64) ? new ipaddr.IPv4(address.toByteArray().slice(-4)) : address;
};

const reachOf = (address: ipaddr.IPv4 | ipaddr.IPv6): 'public' | 'private' | 'special' => {
  const range = address.range();
  if (address instanceof ipaddr.IPv6 && address.match(awsLocal)) return 'special';
  if (privateRanges.includes(range)) return 'private';
  const outside = address instanceof ipaddr.IPv6 && !address.match(globalUnicast);
  return range === 'unicast' && !outside ? 'public' : 'special';
};

/**
 * Whether a connection to this address may be made for this host. Global unicast: always. Loopback and private networks:
 * if the job allows the host by its exact name. Everything else (link-local with its cloud credentials, multicast, reserved,
 * 6to4, Teredo): only if the job names that very address. IPv4 inside mapped and NAT64 forms is judged as IPv4.
 */
export const mayConnect = (host: Host, address: string): boolean => {
  // Read as WHATWG URL reads it: ipaddr.js takes `::8.8.8.8`, which is another address, for the mapped form.
  const plain = isIP(address) === 6 ? plainName(`[${address}]`) : address;
  if (plain === undefined || isIP(plain) === 0) return false;
  const reach = reachOf(unwrapped(ipaddr.parse(plain)));
  return reach === 'public' || (host.exact && (host.literal || reach === 'private'));
};
