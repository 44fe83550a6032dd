import type { Connection } from '../../lib/connection/connection.ts';
import { isManaged, type Secret, secretPath } from '../../lib/connection/secret.ts';
import type { Job } from '../../lib/job/job.ts';
import { parseModelId } from '../../lib/job/model-id.ts';

type Value = string | Record<string, unknown>;
export type Statement = {
  Sid?: string;
  Effect: 'Allow';
  Action: string[];
  Resource: Value | Value[];
  Condition?: unknown;
};

/** Where a provider's key is stored: an SSM parameter, a Secrets Manager secret, or nowhere if the server needs no key. */
export const keptIn = ['parameter', 'secret', 'none'] as const;
export type KeptIn = (typeof keptIn)[number];

/**
 * A stage's providers: the place of Anthropic's key and the URL of another server with its API, or '', and URL and place of the key of the
 * OpenAI-compatible server.
 */
export type Providers = { anthropicKey: KeptIn; anthropicBaseUrl: string; baseUrl: string; key: KeptIn };

/** The declared connections, and the ARN of the KMS key that encrypts secrets, or ''. */
export type Outside = { connections: Connection[]; kmsKey: string };

const arn = (resource: string): Value => ({ 'Fn::Sub': `arn:\${AWS::Partition}:${resource}` });
const here = '${AWS::Region}:${AWS::AccountId}';
const allow = (action: string | string[], resource: Value | Value[]): Statement => ({
  Effect: 'Allow',
  Action: [action].flat(),
  Resource: resource,
});

const modelsOf = (jobs: Job[], provider: string): string[] => {
  const ids = jobs.map((job) => parseModelId(job.model));
  return [...new Set(ids.flatMap((id) => (id?.provider === provider ? [id.model] : [])))].sort();
};

type Key = { name: 'ANTHROPIC_API_KEY' | 'OPENAI_COMPATIBLE_API_KEY'; path: string; keptIn: KeptIn };

const keysOf = (jobs: Job[], { anthropicKey, key: serverKey }: Providers): Key[] => {
  const path = (name: string) => `nightshift/\${sls:stage}/${name}`;
  const all: [string, Key][] = [
    ['anthropic', { name: 'ANTHROPIC_API_KEY', path: path('anthropic-api-key'), keptIn: anthropicKey }],
    [
      'openai-compatible',
      { name: 'OPENAI_COMPATIBLE_API_KEY', path: path('openai-compatible-api-key'), keptIn: serverKey },
    ],
  ];
  return all.flatMap(([provider, key]) => (key.keptIn !== 'none' && modelsOf(jobs, provider).length > 0 ? [key] : []));
};

/** The variable that names a key's place, as lib/io/aws/secrets.ts reads it. */
const placeOf = ({ name, path, keptIn: kept }: Key): [string, string] =>
  kept === 'secret' ? [`${name}_SECRET`, path] : [`${name}_PARAMETER`, `/${path}`];

/** The permission to read a key. A secret's ARN ends in six random characters that AWS adds. */
const reading = ({ path, keptIn: kept }: Pick<Key, 'path' | 'keptIn'>): Statement =>
  kept === 'secret'
    ? allow('secretsmanager:GetSecretValue', arn(`secretsmanager:${here}:secret:${path}-??????`))
    : allow('ssm:GetParameter', arn(`ssm:${here}:parameter/${path}`));

/** The attempt function's variables for the providers of its jobs. They contain a key's place, never the key. */
export const attemptEnvironment = (jobs: Job[], server: Providers): Record<string, string> => {
  const servers = modelsOf(jobs, 'openai-compatible');
  if (servers.length > 0 && server.baseUrl === '') {
    throw new Error(
      `a job names openai-compatible/${servers[0]}: set OPENAI_COMPATIBLE_BASE_URL or --param openaiCompatibleBaseUrl=<url>`,
    );
  }
  return {
    ...Object.fromEntries(keysOf(jobs, server).map(placeOf)),
    ...(servers.length > 0 && { OPENAI_COMPATIBLE_BASE_URL: server.baseUrl }),
    ...(server.anthropicBaseUrl !== '' &&
      modelsOf(jobs, 'anthropic').length > 0 && { ANTHROPIC_BASE_URL: server.anthropicBaseUrl }),
  };
};

/** Replies are streamed. Functions of the version before ask without a stream. */
const invoke = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];

/**
 * A Bedrock model is a foundation model of this Region, an inference profile (`eu.…`, `us.…`, `global.…`) or an ARN.
 * A profile routes to several Regions, so AWS requires the foundation model in each; the condition limits `*` to the profile.
 * A profile's ARN does not contain its model, so the permission covers every model through that profile.
 */
const bedrock = (model: string): Statement[] => {
  if (/^arn:[^:]+:bedrock:.*profile\//.test(model)) {
    const Condition = { StringEquals: { 'bedrock:InferenceProfileArn': model } };
    return [allow(invoke, model), { ...allow(invoke, arn('bedrock:*::foundation-model/*')), Condition }];
  }
  if (model.startsWith('arn:')) return [allow(invoke, model)];
  const [, foundation] = /^(?:global|apac|us-gov|[a-z]{2})\.(.+\..+)$/.exec(model) ?? [];
  if (foundation === undefined) return [allow(invoke, arn(`bedrock:\${AWS::Region}::foundation-model/${model}`))];
  const profile = arn(`bedrock:${here}:inference-profile/${model}`);
  const regions = model.startsWith('global.') ? ['', '*'] : ['*'];
  return [
    allow(invoke, profile),
    {
      ...allow(
        invoke,
        regions.map((region) => arn(`bedrock:${region}::foundation-model/${foundation}`)),
      ),
      Condition: { StringEquals: { 'bedrock:InferenceProfileArn': profile } },
    },
  ];
};

/**
 * The keys under which the attempt and triage functions write, as AWS evaluates `dynamodb:LeadingKeys`. They read hostile text, so they cannot write a
 * run or a job's state: what starts is what dispatch recorded. infra/roles.yml has the same condition for triage.
 */
const underRuns = {
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['run#*', 'session#*'] },
  Null: { 'dynamodb:LeadingKeys': 'false' },
};

/** The connections that jobs name. */
const usedBy = (jobs: Job[], connections: Connection[]): Connection[] =>
  connections.filter(({ name }) => jobs.some((job) => job.connections.includes(name)));

const readingSecret = (secret: Secret): Statement =>
  reading({ path: secretPath(secret, '${sls:stage}'), keptIn: isManaged(secret) ? 'secret' : 'parameter' });

/** What a connection lets the attempt function do. */
const connecting = (connection: Connection): Statement[] => {
  if (connection.kind === 'lambda') return [allow('lambda:InvokeFunction', connection.function)];
  const { auth, secret } = connection;
  const calls = { 'execute-api': 'execute-api:Invoke', lambda: 'lambda:InvokeFunctionUrl' };
  return [
    ...(secret === undefined ? [] : [readingSecret(secret)]),
    ...(auth?.sigv4 ? [allow(calls[auth.sigv4.service], auth.sigv4.resource)] : []),
  ];
};

/** What reads secrets that a key of one's own encrypts. */
const decrypting = (key: string): Statement[] => (key === '' ? [] : [allow('kms:Decrypt', key)]);

const distinct = (statements: Statement[]): Statement[] => [
  ...new Map(statements.map((one) => [JSON.stringify(one), one])).values(),
];

/** The attempt function's permissions: the table, its own log, and the needs of all declared jobs. A disabled job may still be run manually. */
export const attemptStatements = (
  jobs: Job[],
  server: Providers,
  { connections, kmsKey }: Outside = { connections: [], kmsKey: '' },
): Statement[] => {
  const table = { 'Fn::GetAtt': ['Table', 'Arn'] };
  const listed = jobs.some((job) => job.tools.includes('list_runs'));
  return [
    { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:Query'], Resource: table },
    { Effect: 'Allow', Action: ['dynamodb:PutItem'], Resource: table, Condition: underRuns },
    ...(listed ? [allow('dynamodb:Query', { 'Fn::Sub': '${Table.Arn}/index/byDay' })] : []),
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': ['AttemptLogGroup', 'Arn'] },
    },
    ...keysOf(jobs, server).map(reading),
    ...modelsOf(jobs, 'bedrock').flatMap(bedrock),
    ...distinct(usedBy(jobs, connections).flatMap(connecting)),
    ...decrypting(kmsKey),
  ];
};
