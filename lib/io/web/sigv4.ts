import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsIdentity } from '../aws/identity.ts';
import type { Hop } from './hop.ts';

type Signing = { service: string; region: string; identity: AwsIdentity; now: Date };

/** SHA-256, or its HMAC with a key, in the form that the signer asks for. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    const bytes = ArrayBuffer.isView(key) ? new Uint8Array(key.buffer, key.byteOffset, key.byteLength) : key;
    const secret = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error('a hash is used once');
  }
}

const queryOf = (url: URL): Record<string, string | string[]> =>
  Object.fromEntries([...new Set(url.searchParams.keys())].map((key) => [key, url.searchParams.getAll(key)]));

/** Signs a request with AWS Signature Version 4. */
export const signedV4 = async (hop: Hop, { service, region, identity, now }: Signing): Promise<Hop> => {
  const { url, method, body } = hop;
  const signer = new SignatureV4({ service, region, credentials: identity, sha256: Sha256 });
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: queryOf(url),
    headers: { ...hop.headers, host: url.host },
    ...(body !== undefined && { body }),
  };
  const signed = await signer.sign(request, { signingDate: now });
  const { host: _, ...headers } = signed.headers;
  return { ...hop, headers };
};
