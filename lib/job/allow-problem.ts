import { getPublicSuffix } from 'tldts';
import { addressReach } from './address.ts';
import { allowEntry, isAddress } from './allow-entry.ts';

const metadataNames = ['metadata.google.internal', 'instance-data', 'instance-data.ec2.internal'];

/** Why a well-formed entry of `allow` is refused, or undefined. */
export const allowProblem = (text: string): string | undefined => {
  const entry = allowEntry(text);
  if (!entry) return undefined;
  const { name, pattern } = entry;
  if (entry.port !== undefined && (entry.port < 1 || entry.port > 65_535))
    return `found port ${entry.port}, expected 1 to 65535`;
  if (pattern && isAddress(name)) return 'found *. before an address, expected the address alone';
  if (metadataNames.includes(name) || (isAddress(name) && addressReach(name) === 'special'))
    return `found ${name}, expected a host or a public or private address: this one may lead to the credentials of the machine`;
  if (!pattern) return undefined;
  if (/ private$/i.test(text)) return 'found a pattern with private, expected the name of each private host';
  if (getPublicSuffix(name, { allowPrivateDomains: true }) === name)
    return `found *.${name}, under which anyone can have a host, expected a domain like *.example.${name}`;
  return undefined;
};
