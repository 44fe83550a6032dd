import * as z from 'zod';
import type { Http } from '../../agent/http.ts';
import { ToolError } from '../../agent/tool.ts';
import { type Auth, type HttpConnection, hostsOf } from '../../connection/connection.ts';
import { formEncoded } from '../../connection/scrub.ts';
import { type AwsIdentity, awsIdentity } from '../aws/identity.ts';
import { type AwsClient, connectionSecret } from '../aws/secrets.ts';
import type { Hop } from './hop.ts';

/** The credential of a connection, for the hosts of the connection alone. */
export type Credential = {
  /** Entries of `allow`. */
  hosts: string[];
  /** Whether the server takes a repeat with the same `Idempotency-Key` for the same request. */
  idempotent: boolean;
  /** Adds the credential to a request for one of the hosts. Throws ToolError `refused` or `unreachable` where a token is not to be had. */
  sign(hop: Hop, signal: AbortSignal): Promise<Hop>;
  /** Everything that must not come back to whoever asked, the secret first. */
  secrets(): string[];
};

type Environment = Record<string, string | undefined>;

type Signing = Pick<Credential, 'sign' | 'secrets'>;

export type AuthorizationDeps = {
  http: Http;
  now(): Date;
  /** The function's own credentials of AWS, for a Region. */
  identity(region: string): Promise<AwsIdentity>;
};

const withHeader = (hop: Hop, name: string, value: string): Hop => ({
  ...hop,
  headers: { ...hop.headers, [name.toLowerCase()]: value },
});

const withQuery = (hop: Hop, name: string, value: string): Hop => {
  const url = new URL(hop.url);
  url.searchParams.set(name, value);
  return { ...hop, url };
};

/** RFC 6749, 5.1. `expires_in` is in seconds; where a server leaves it out, the token serves this invocation. */
const Token = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z.string().optional(),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

/** How long before its end a token is renewed, in milliseconds. */
const renewBeforeMs = 60_000;

type OAuth = NonNullable<Auth['oauth']>;
type Held = { value: string; until: number };

const tokenRequest = ({ tokenUrl, clientId, scope, audience }: OAuth, secret: string, own: boolean) => {
  const { host, protocol } = new URL(tokenUrl);
  const fields = { grant_type: 'client_credentials', ...(scope && { scope }), ...(audience && { audience }) };
  // Client and secret are form-encoded before they are joined: RFC 6749, 2.3.1.
  const basic = Buffer.from(`${formEncoded(clientId)}:${formEncoded(secret)}`).toString('base64');
  return {
    method: 'POST' as const,
    url: tokenUrl,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      authorization: `Basic ${basic}`,
    },
    body: new URLSearchParams(fields).toString(),
    allow: [`${protocol === 'http:' ? 'http://' : ''}${host}${own ? ' private' : ''}`],
    maxBytes: 64 * 1024,
  };
};

/** The text of an answer as JSON, or undefined. */
const jsonOf = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
};

const fetchToken = async (
  oauth: OAuth,
  { name, private: own }: HttpConnection,
  secret: string,
  { http, now }: AuthorizationDeps,
  signal: AbortSignal,
): Promise<Held> => {
  const { status, body } = await http({ ...tokenRequest(oauth, secret, own), signal }).catch((cause: unknown) => {
    throw new ToolError('unreachable', `connection ${name}: no token from ${new URL(oauth.tokenUrl).host}`, { cause });
  });
  const token = Token.safeParse(jsonOf(body)).data;
  if (status === 200 && token)
    return { value: token.access_token, until: now().getTime() + (token.expires_in ?? 3600) * 1000 };
  const kind = status >= 500 || status === 429 ? 'unreachable' : 'refused';
  throw new ToolError(kind, `connection ${name}: ${new URL(oauth.tokenUrl).host} gave no token (${status})`);
};

/** One token for all requests of an invocation: whoever asks while it is fetched waits for the same. */
const tokenCredential = (
  oauth: OAuth,
  connection: HttpConnection,
  secret: string,
  deps: AuthorizationDeps,
): Signing => {
  let held: Promise<Held> | undefined;
  const seen: string[] = [];
  const isGood = (known: Held | undefined): boolean =>
    known !== undefined && known.until - renewBeforeMs > deps.now().getTime();
  const token = async (signal: AbortSignal): Promise<string> => {
    const before = held;
    const known = await before?.catch(() => undefined);
    // Another request may have begun to fetch one meanwhile.
    if (!isGood(known) && held === before) held = fetchToken(oauth, connection, secret, deps, signal);
    const { value } = await (held as Promise<Held>);
    if (!seen.includes(value)) seen.push(value);
    return value;
  };
  return {
    sign: async (hop, signal) => withHeader(hop, 'authorization', `Bearer ${await token(signal)}`),
    secrets: () => [secret, ...seen],
  };
};

const roleCredential = (
  { service, region }: NonNullable<Auth['sigv4']>,
  { identity, now }: AuthorizationDeps,
): Signing => {
  let used: string[] = [];
  return {
    sign: async (hop) => {
      const own = await identity(region);
      used = [own.secretAccessKey, ...(own.sessionToken ? [own.sessionToken] : [])];
      const { signedV4 } = await import('./sigv4.ts');
      return signedV4(hop, { service, region, identity: own, now: now() });
    },
    secrets: () => used,
  };
};

const fixedCredential = ({ header, value = '${secret}', basic, query }: Auth, secret: string): Signing => {
  if (query !== undefined) return { sign: async (hop) => withQuery(hop, query, secret), secrets: () => [secret] };
  if (header !== undefined) {
    const text = value.replaceAll('${secret}', () => secret);
    return { sign: async (hop) => withHeader(hop, header, text), secrets: () => [secret] };
  }
  const pair = Buffer.from(`${basic}:${secret}`).toString('base64');
  return {
    sign: async (hop) => withHeader(hop, 'authorization', `Basic ${pair}`),
    secrets: () => [secret, pair],
  };
};

const signing = (
  connection: HttpConnection,
  auth: Auth | undefined,
  secret: string | undefined,
  deps: AuthorizationDeps,
): Signing => {
  if (auth?.sigv4) return roleCredential(auth.sigv4, deps);
  if (auth === undefined || secret === undefined) return { sign: async (hop) => hop, secrets: () => [] };
  return auth.oauth ? tokenCredential(auth.oauth, connection, secret, deps) : fixedCredential(auth, secret);
};

/** The credential of an http connection. `secret` is undefined for one that is open or signed by the function's role. */
export const credentialOf = (
  connection: HttpConnection,
  secret: string | undefined,
  deps: AuthorizationDeps,
): Credential => {
  const { auth, idempotent } = connection;
  return { hosts: hostsOf(connection), idempotent, ...signing(connection, auth, secret, deps) };
};

/** Reads the secret of an http connection, if it has one, and makes its credential. Throws Unauthorized, ModelUnavailable. */
export const openCredential = async (
  connection: HttpConnection,
  { http, now, env, aws }: Omit<AuthorizationDeps, 'identity'> & { env: Environment; aws?: AwsClient },
): Promise<Credential> => {
  const { name, secret } = connection;
  const value = secret === undefined ? undefined : await connectionSecret(env, aws)(name, secret);
  const use = { what: `connection ${name}`, cure: 'AWS_PROFILE' };
  return credentialOf(connection, value, { http, now, identity: (region) => awsIdentity(env, region, use) });
};
