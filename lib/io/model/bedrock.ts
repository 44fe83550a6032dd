import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { Failure } from '../../failure.ts';
import { awsIdentity } from '../aws/identity.ts';
import type { Provide } from './provider.ts';
import { baseUrl } from './setting.ts';

/** Whether a model takes cache points: Claude 3.5 Haiku, and Claude from 3.7 on. Other models refuse them or cache by themselves. */
const caches = (model: string): boolean =>
  /anthropic\.claude-/.test(model) && !/claude-(v2|instant|3-(haiku|sonnet|opus)|3-5-sonnet)/.test(model);

const use = { what: 'Amazon Bedrock', cure: 'AWS_PROFILE or AWS_BEARER_TOKEN_BEDROCK' };

/** A model of Amazon Bedrock with the Converse API, in AWS_REGION. Uses AWS_BEARER_TOKEN_BEDROCK, or AWS credentials. */
export const bedrock: Provide = async (model, { env, secret }) => {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  if (!region)
    throw new Failure('UnknownModel', 'AWS_REGION is not set: set it to the Region of Amazon Bedrock, like eu-west-1');
  const baseURL = baseUrl('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', env);
  const apiKey = await secret('AWS_BEARER_TOKEN_BEDROCK');
  const credentials = apiKey ? undefined : await awsIdentity(env, region, use);
  return {
    model: (fetch) =>
      createAmazonBedrock({
        region,
        fetch,
        ...(baseURL && { baseURL }),
        ...(apiKey && { apiKey }),
        ...(credentials && { credentialProvider: async () => credentials }),
      })(model),
    call: () => ({}),
    // The AI SDK would ask by a tool or by more words in the prompt, which already has the schema.
    typed: () => undefined,
    cache: caches(model) ? { amazonBedrock: { cachePoint: { type: 'default' } } } : undefined,
    secrets: [apiKey, credentials?.secretAccessKey, credentials?.sessionToken].filter((secret) => secret !== undefined),
  };
};
