import type { Job } from '../lib/job.ts';
import { parseModelId } from '../lib/model-id.ts';

type Value = string | Record<string, unknown>;
export type Statement = {
  Sid?: string;
  Effect: 'Allow';
  Action: string[];
  Resource: Value | Value[];
  Condition?: unknown;
};

/** The OpenAI-compatible server of this stage. `key: 'none'`: it asks for no key. */
export type Server = { baseUrl: string; key: 'parameter' | 'none' };

const arn = (resource: string): Value => ({ 'Fn::Sub': `arn:\${AWS::Partition}:${resource}` });
const here = '${AWS::Region}:${AWS::AccountId}';
const allow = (action: string, resource: Value | Value[]): Statement => ({
  Effect: 'Allow',
  Action: [action],
  Resource: resource,
});

const modelsOf = (jobs: Job[], provider: string): string[] => {
  const ids = jobs.filter((job) => job.enabled).map((job) => parseModelId(job.model));
  return [...new Set(ids.flatMap((id) => (id?.provider === provider ? [id.model] : [])))].sort();
};

const parameters = { ANTHROPIC_API_KEY: 'anthropic-api-key', OPENAI_COMPATIBLE_API_KEY: 'openai-compatible-api-key' };
type Key = keyof typeof parameters;

const keysOf = (jobs: Job[], server: Server): Key[] => [
  ...(modelsOf(jobs, 'anthropic').length > 0 ? (['ANTHROPIC_API_KEY'] as const) : []),
  ...(modelsOf(jobs, 'openai-compatible').length > 0 && server.key === 'parameter'
    ? (['OPENAI_COMPATIBLE_API_KEY'] as const)
    : []),
];

const path = (key: Key): string => `/nightshift/\${sls:stage}/${parameters[key]}`;

/** What the attempt function is told of the providers its jobs name: where a key is kept, never the key. */
export const attemptEnvironment = (jobs: Job[], server: Server): Record<string, string> => {
  const servers = modelsOf(jobs, 'openai-compatible');
  if (servers.length > 0 && server.baseUrl === '') {
    throw new Error(
      `a job names openai-compatible/${servers[0]}: set OPENAI_COMPATIBLE_BASE_URL or --param openaiCompatibleBaseUrl=<url>`,
    );
  }
  return {
    ...Object.fromEntries(keysOf(jobs, server).map((key) => [`${key}_PARAMETER`, path(key)])),
    ...(servers.length > 0 && { OPENAI_COMPATIBLE_BASE_URL: server.baseUrl }),
  };
};

/**
 * A Bedrock model is a foundation model of this Region, or an inference profile (`eu.…`, `us.…`, `global.…`), or an ARN. A profile
 * sends a request to whichever of its Regions has room, so AWS asks for the foundation model in every Region: the `*`
 * is held to this profile by the condition.
 */
const bedrock = (model: string): Statement[] => {
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

/** Everything the attempt function may do: the table, its own log, and what the enabled jobs' tools and models need. */
export const attemptStatements = (jobs: Job[], server: Server): Statement[] => {
  const table = { 'Fn::GetAtt': ['Table', 'Arn'] };
  const listed = jobs.some((job) => job.enabled && job.tools.includes('list_runs'));
  const keys = keysOf(jobs, server).map((key) => arn(`ssm:${here}:parameter${path(key)}`));
  return [
    { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], Resource: table },
    ...(listed ? [allow('dynamodb:Query', { 'Fn::Sub': '${Table.Arn}/index/byDay' })] : []),
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': ['AttemptLogGroup', 'Arn'] },
    },
    ...(keys.length > 0 ? [allow('ssm:GetParameter', keys)] : []),
    ...modelsOf(jobs, 'bedrock').flatMap(bedrock),
  ];
};
