import * as z from 'zod';
import { Secret } from './secret.ts';

/** A connection's name, which is the name of its file. With `-` as `_` it begins the names of its tools. */
export const ConnectionName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,29}$/, 'must be 1 to 30 of a-z, 0-9 and -, starting with a letter');

const Host = z
  .string()
  .regex(
    /^(http:\/\/)?(\*\.)?([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?$/,
    'must be a host like api.example.com, *.example.com or localhost:8080, with http:// before it to reach it without TLS',
  );

const HttpUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return (
    url !== null && ['http:', 'https:'].includes(url.protocol) && !url.username && !url.password && url.hash === ''
  );
}, 'must be a URL like https://api.example.com/path, without a user, a password or a #');

const headerValue = /^[\x20-\x7e]*\$\{secret\}[\x20-\x7e]*$/;

/** The arguments of OAuth 2.0 client credentials (RFC 6749, 4.4). The connection's secret is the client's. */
const OAuth = z.strictObject({
  tokenUrl: HttpUrl.describe('Where a token is had.'),
  clientId: z.string().min(1),
  scope: z.string().min(1).optional(),
  audience: z.string().min(1).optional(),
});

/** Signature Version 4, for an API of one’s own account, by the function's role. */
const Sigv4 = z.strictObject({
  service: z.enum(['execute-api', 'lambda']).describe('`execute-api` (API Gateway) or `lambda` (a function URL).'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a Region like eu-west-1'),
  resource: z
    .string()
    .regex(
      /^arn:[^*?${}\s]+:[^?${}\s]+$/,
      'must be an ARN like arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/prod/GET/*',
    )
    .describe('The ARN that the function may call.'),
});

const ways = ['header', 'basic', 'query', 'oauth', 'sigv4'] as const;

const Auth = z
  .strictObject({
    header: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header')
      .optional()
      .describe('The header that carries the secret.'),
    value: z
      .string()
      .regex(headerValue, 'must be printable ASCII with ${secret} in it')
      .optional()
      .describe('With `header`: its value, with `${secret}` in it. Default: the secret alone.'),
    basic: z.string().min(1).optional().describe('The user name of HTTP Basic. The secret is the password.'),
    query: z.string().min(1).optional().describe('The query parameter that carries the secret.'),
    oauth: OAuth.optional().describe('OAuth 2.0 client credentials. The secret is the client secret.'),
    sigv4: Sigv4.optional().describe("AWS Signature Version 4 with the function's own role. It needs no secret."),
  })
  .superRefine((auth, context) => {
    const given = ways.filter((way) => auth[way] !== undefined);
    if (given.length !== 1)
      context.addIssue({
        code: 'custom',
        message: `found ${given.join(', ') || 'none'}, expected exactly one of ${ways.join(', ')}`,
      });
    if (auth.value !== undefined && auth.header === undefined)
      context.addIssue({ code: 'custom', path: ['value'], message: 'needs header' });
  });
export type Auth = z.infer<typeof Auth>;

const description = z.string().max(200).optional().describe('One sentence for people.');
const isPrivate = z.boolean().default(false).describe('`true`: the hosts may have private addresses.');
const idempotent = z
  .boolean()
  .default(false)
  .describe(
    '`true`: the server honours `Idempotency-Key`, so a call that may have happened is made again under the same key.',
  );

const Http = z.strictObject({
  kind: z.literal('http'),
  description,
  hosts: z
    .array(Host)
    .min(1)
    .describe('The hosts that get the credential, over https unless one begins with `http://`.'),
  auth: Auth.optional().describe(
    'How requests are signed. Exactly one of `header`, `basic`, `query`, `oauth` and `sigv4`.',
  ),
  secret: Secret.optional(),
  private: isPrivate,
  idempotent,
  test: z
    .string()
    .regex(/^\/[^\s#]*$/, 'must be a path like /user')
    .optional()
    .describe('The path that `nightshift connections test` asks of the first host with GET.'),
});

const functionArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:[\w-]+)?$/,
    'must be the ARN of a function, like arn:aws:lambda:eu-west-1:123456789012:function:resize',
  );

const Lambda = z.strictObject({
  kind: z.literal('lambda'),
  description: z.string().min(1).max(1000).describe('What the function does and returns. The model reads it.'),
  function: functionArn.describe('The ARN of the function, with or without a version or alias.'),
  input: z.record(z.string(), z.json()).describe('A JSON Schema of the event: an object.'),
  effect: z.enum(['none', 'once']).default('once').describe('`once`: a call changes the world. `none`: it only reads.'),
  idempotent,
});

/** The schema of each kind of connection. */
export const connectionKinds = { http: Http, lambda: Lambda } as const;
export type ConnectionKind = keyof typeof connectionKinds;

/** The content of `infra/connections/<name>.yml`. */
export const ConnectionFile = z.discriminatedUnion('kind', [Http, Lambda]);

const named = { name: ConnectionName };

/** A place outside that jobs may reach, with its credential, complete with defaults. */
export const Connection = z.discriminatedUnion('kind', [Http.extend(named), Lambda.extend(named)]);
export type Connection = z.infer<typeof Connection>;
export type HttpConnection = Extract<Connection, { kind: 'http' }>;
export type LambdaConnection = Extract<Connection, { kind: 'lambda' }>;

/** The hosts of a connection as entries of `allow`. */
export const hostsOf = ({ hosts, private: own }: HttpConnection): string[] =>
  hosts.map((host) => (own && !host.includes('*.') ? `${host} private` : host));

/** The Region of a function: the fourth part of its ARN. */
export const functionRegion = ({ function: arn }: LambdaConnection): string => arn.split(':')[3] ?? '';

/** The secret of a connection, if it has one. */
export const secretOf = (connection: Connection): Secret | undefined =>
  'secret' in connection ? connection.secret : undefined;
