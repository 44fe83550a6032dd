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

/** Where a provider's key is kept: an SSM parameter, a Secrets Manager secret, or nowhere, for a server that asks for none. */
export const keptIn = ['parameter', 'secret', 'none'] as const;
export type KeptIn = (typeof keptIn)[number];

/** The providers of this stage: where Anthropic's key is kept, and the OpenAI-compatible server with its. */
export type Providers = { anthropicKey: KeptIn; baseUrl: string; key: KeptIn };

const arn = (resource: string): Value => ({ 'Fn::Sub': `arn:\${AWS::Partition}:${resource}` });
const here = '${AWS::Region}:${AWS::AccountId}';
const allow = (action: string, resource: Value | Value[]): Statement => ({
  Effect: 'Allow',
  Action: [action],
  Resource: resource,
});

const modelsOf = (jobs: Job[], provider: string): string[] => {
  const ids = jobs.map((job) => parseModelId(job.model));
  return [...new Set(ids.flatMap((id) => (id?.provider === provider ? [id.model] : [])))].sort();
};

type Key = { name: 'ANTHROPIC_API_KEY' | 'OPENAI_COMPATIBLE_API_KEY'; path: string; keptIn: KeptIn };

const keysOf = (jobs: Job[], { anthropicKey, key }: Providers): Key[] => {
  const path = (name: string) => `nightshift/\${sls:stage}/${name}`;
  const all: [string, Key][] = [
    ['anthropic', { name: 'ANTHROPIC_API_KEY', path: path('anthropic-api-key'), keptIn: anthropicKey }],
    ['openai-compatible', { name: 'OPENAI_COMPATIBLE_API_KEY', path: path('openai-compatible-api-key'), keptIn: key }],
  ];
  return all.flatMap(([provider, one]) => (one.keptIn !== 'none' && modelsOf(jobs, provider).length > 0 ? [one] : []));
};

/** The variable that says where a key is kept, as lib/io/secrets.ts reads it. */
const placeOf = ({ name, path, keptIn: kept }: Key): [string, string] =>
  kept === 'secret' ? [`${name}_SECRET`, path] : [`${name}_PARAMETER`, `/${path}`];

/** Reading a key. A secret's ARN ends in six characters that AWS chooses. */
const reading = ({ path, keptIn: kept }: Key): Statement =>
  kept === 'secret'
    ? allow('secretsmanager:GetSecretValue', arn(`secretsmanager:${here}:secret:${path}-??????`))
    : allow('ssm:GetParameter', arn(`ssm:${here}:parameter/${path}`));

/** What the attempt function is told of the providers its jobs name: where a key is kept, never the key. */
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
  };
};

/**
 * A Bedrock model is a foundation model of this Region, or an inference profile (`eu.…`, `us.…`, `global.…`), or an ARN. A profile
 * sends a request to whichever of its Regions has room, so AWS asks for the foundation model in every Region: the `*`
 * is held to this profile by the condition. A profile's ARN does not tell its model: then every model through that profile.
 */
const bedrock = (model: string): Statement[] => {
  if (/^arn:[^:]+:bedrock:.*profile\//.test(model)) {
    const Condition = { StringEquals: { 'bedrock:InferenceProfileArn': model } };
    return [
      allow('bedrock:InvokeModel', model),
      { ...allow('bedrock:InvokeModel', arn('bedrock:*::foundation-model/*')), Condition },
    ];
  }
  if (model.startsWith('arn:')) return [allow('bedrock:InvokeModel', model)];
  const [, foundation] = /^(?:global|apac|us-gov|[a-z]{2})\.(.+\..+)$/.exec(model) ?? [];
  if (foundation === undefined)
    return [allow('bedrock:InvokeModel', arn(`bedrock:\${AWS::Region}::foundation-model/${model}`))];
  const profile = arn(`bedrock:${here}:inference-profile/${model}`);
  const regions = model.startsWith('global.') ? ['', '*'] : ['*'];
  return [
    allow('bedrock:InvokeModel', profile),
    {
      ...allow(
        'bedrock:InvokeModel',
        regions.map((region) => arn(`bedrock:${region}::foundation-model/${foundation}`)),
      ),
      Condition: { StringEquals: { 'bedrock:InferenceProfileArn': profile } },
    },
  ];
};

/** Everything the attempt function may do: the table, its own log, and what the declared jobs' tools and models need (a person may run a disabled one). */
export const attemptStatements = (jobs: Job[], server: Providers): Statement[] => {
  const table = { 'Fn::GetAtt': ['Table', 'Arn'] };
  const listed = jobs.some((job) => job.tools.includes('list_runs'));
  return [
    { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], Resource: table },
    ...(listed ? [allow('dynamodb:Query', { 'Fn::Sub': '${Table.Arn}/index/byDay' })] : []),
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': ['AttemptLogGroup', 'Arn'] },
    },
    ...keysOf(jobs, server).map(reading),
    ...modelsOf(jobs, 'bedrock').flatMap(bedrock),
  ];
};
