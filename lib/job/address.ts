import ipaddr from 'ipaddr.js';
import { normalizedHost } from './allow-entry.ts';

/** Where an address leads: to the internet, to this machine or a private network, or to what no tool may reach. */
export type Reach = 'public' | 'private' | 'special';

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

const classOf = (address: ipaddr.IPv4 | ipaddr.IPv6): Reach => {
  const range = address.range();
  if (address instanceof ipaddr.IPv6 && address.match(awsLocal)) return 'special';
  if (privateRanges.includes(range)) return 'private';
  const outside = address instanceof ipaddr.IPv6 && !address.match(globalUnicast);
  return range === 'unicast' && !outside ? 'public' : 'special';
};

/**
 * Where an IP address leads. `special` is link-local with the cloud's credentials, multicast, reserved, 6to4, Teredo, and any text that is no
 * address. IPv4-mapped and NAT64 addresses count as IPv4.
 */
export const addressReach = (address: string): Reach => {
  // Normalize first: ipaddr.js mistakes `::8.8.8.8` for an IPv4-mapped address.
  const plain = address.includes(':') ? normalizedHost(`[${address}]`) : address;
  if (plain === undefined || !(ipaddr.IPv4.isValidFourPartDecimal(plain) || ipaddr.IPv6.isValid(plain)))
    return 'special';
  return classOf(unwrapped(ipaddr.parse(plain)));
};
