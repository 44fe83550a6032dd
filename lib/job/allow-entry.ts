/**
 * An entry of `allow`. `pattern`: it names the subdomains of its name, not the name itself. `http`: it may also be reached without TLS.
 * `private`: it may have a private address.
 */
export type AllowEntry = { name: string; pattern: boolean; port: number | undefined; http: boolean; private: boolean };

const form =
  /^(?<http>http:\/\/)?(?<pattern>\*\.)?(?<name>\[[0-9a-f:.]+\]|[^\s:/?#@\\[\]*]+)(?::(?<port>\d{1,5}))?(?<private> private)?$/i;

/** Normalizes a host as WHATWG URL does (lower case, punycode, canonical addresses), without brackets and one trailing dot. */
export const normalizedHost = (name: string): string | undefined =>
  URL.parse(`http://${name}`)?.hostname.replace(/^\[(.*)\]$|\.$/, '$1') || undefined;

/** Whether a normalized host is an IP address. */
export const isAddress = (host: string): boolean => host.includes(':') || /^\d+(?:\.\d+){3}$/.test(host);

/** An address, or a name that always means this machine (RFC 6761), can only be meant as it is: over http and in private. */
const isOwnMeaning = (name: string): boolean => isAddress(name) || name === 'localhost' || name.endsWith('.localhost');

/** Parses `[http://]host[:port][ private]`, where the host may begin with `*.`. Undefined for any other text. */
export const allowEntry = (text: string): AllowEntry | undefined => {
  const parts = form.exec(text)?.groups;
  const name = normalizedHost(parts?.name ?? '');
  if (!parts || name === undefined) return undefined;
  const pattern = parts.pattern !== undefined;
  const asked = !pattern && isOwnMeaning(name);
  return {
    name,
    pattern,
    port: parts.port === undefined ? undefined : Number(parts.port),
    http: asked || parts.http !== undefined,
    private: asked || (!pattern && parts.private !== undefined),
  };
};
