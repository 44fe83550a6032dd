import { addressReach } from '../../job/address.ts';
import { type AllowEntry, allowEntry, isAddress, normalizedHost } from '../../job/allow-entry.ts';

/** An allowed host. `literal`: the URL contains an IP address. `private`: an entry of `allow` lets the host have a private address. */
export type Host = { name: string; port: number; literal: boolean; private: boolean };

const isNamed = ({ name, pattern }: AllowEntry, host: string): boolean =>
  // A pattern never matches an address: URL parses a name that ends in a number, as in `*.0.0.1`, as an address.
  pattern ? !isAddress(host) && host.endsWith(`.${name}`) : name === host;

/**
 * The host of an http or https URL, or why no entry of `allow` lets it be reached. `example.com` matches exactly that host;
 * `*.example.com` matches its subdomains at any depth, but neither itself nor an address.
 * An entry without a port matches only the scheme's default port.
 */
export const allowedHost = (url: URL, allow: readonly string[]): Host | 'not allowed' | 'only over https' => {
  const name = normalizedHost(url.hostname);
  if (name === undefined) return 'not allowed';
  const isSecure = url.protocol === 'https:';
  const defaultPort = isSecure ? 443 : 80;
  const port = Number(url.port || defaultPort);
  const named = allow
    .flatMap((text) => allowEntry(text) ?? [])
    .filter((entry) => isNamed(entry, name) && (entry.port ?? defaultPort) === port);
  if (named.length === 0) return 'not allowed';
  const granting = named.filter((entry) => isSecure || entry.http);
  if (granting.length === 0) return 'only over https';
  return { name, port, literal: isAddress(name), private: granting.some((entry) => entry.private) };
};

/** Whether a connection to an address of this host is allowed: to a public one always, to a private one if its entry says so, else never. */
export const mayConnect = (host: Host, address: string): boolean => {
  const reach = addressReach(address);
  return reach === 'public' || (reach === 'private' && host.private);
};
