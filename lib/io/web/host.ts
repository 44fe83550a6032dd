import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An allowed host. `literal`: the URL contains an IP address. `exact`: an entry of `allow` names this host without a wildcard. */
export type Host = { name: string; port: number; literal: boolean; exact: boolean };

const entryForm = /^(?<pattern>\*\.)?(?<name>\[[0-9a-f:.]+\]|[^\s:/?#@\\[\]*]+)(?::(?<port>\d{1,5}))?$/i;

/** Normalizes a host as WHATWG URL does (lower case, punycode, canonical addresses), without brackets and one trailing dot. */
const normalized = (name: string): string | undefined =>
  URL.parse(`http://${name}`)?.hostname.replace(/^\[(.*)\]$|\.$/, '$1');

const schemePort = (url: URL): number => (url.protocol === 'https:' ? 443 : 80);

const entryGrants = (
  entry: string,
  host: Pick<Host, 'name' | 'port'>,
  defaultPort: number,
): 'exact' | 'pattern' | undefined => {
  const parts = entryForm.exec(entry)?.groups;
  const name = normalized(parts?.name ?? '');
  if (!parts || !name || Number(parts.port ?? defaultPort) !== host.port) return undefined;
  // A pattern never matches an address: URL parses a name that ends in a number, as in `*.0.0.1`, as an address.
  if (!parts.pattern) return name === host.name ? 'exact' : undefined;
  return host.name.endsWith(`.${name}`) ? 'pattern' : undefined;
};

/**
 * The host of an http or https URL, or undefined if no entry of `allow` matches. `example.com` matches exactly that host;
 * `*.example.com` matches its subdomains at any depth, but neither itself nor an address.
 * An entry without a port matches only the scheme's default port.
 */
export const allowedHost = (url: URL, allow: readonly string[]): Host | undefined => {
  const name = normalized(url.hostname);
  if (!name) return undefined;
  const host = { name, port: Number(url.port || schemePort(url)), literal: isIP(name) !== 0 };
  const grants = allow.map((entry) => entryGrants(entry, host, schemePort(url)));
  if (!grants.some(Boolean)) return undefined;
  return { ...host, exact: grants.includes('exact') };
};

const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** AWS instance metadata and pod credentials on IPv6. The range is private, but must not be reachable like a private network. */
const awsLocal = ipaddr.IPv6.parseCIDR('fd00:ec2::/32');
const privateRanges = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'];

/** The IPv4 address inside an IPv4-mapped or NAT64 address. Any other address is returned unchanged. */
const unwrapped = (address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 => {
  if (address instanceof ipaddr.IPv4) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(nat64) ? new ipaddr.IPv4(address.toByteArray().slice(-4)) : address;
};

const classOf = (address: ipaddr.IPv4 | ipaddr.IPv6): 'public' | 'private' | 'special' => {
  const range = address.range();
  if (address instanceof ipaddr.IPv6 && address.match(awsLocal)) return 'special';
  if (privateRanges.includes(range)) return 'private';
  const outside = address instanceof ipaddr.IPv6 && !address.match(globalUnicast);
  return range === 'unicast' && !outside ? 'public' : 'special';
};

/**
 * Whether a connection to an address of this host is allowed. Global unicast addresses always are; loopback and private
 * networks are if `allow` has the exact host. All others (link-local with cloud credentials, multicast, reserved, 6to4, Teredo)
 * are only if `allow` has that address. IPv4-mapped and NAT64 addresses count as IPv4.
 */
export const mayConnect = (host: Host, address: string): boolean => {
  // Normalize first: ipaddr.js mistakes `::8.8.8.8` for an IPv4-mapped address.
  const plain = isIP(address) === 6 ? normalized(`[${address}]`) : address;
  if (plain === undefined || isIP(plain) === 0) return false;
  const reach = classOf(unwrapped(ipaddr.parse(plain)));
  return reach === 'public' || (host.exact && (host.literal || reach === 'private'));
};
