import { Failure } from '../../failure.ts';

/** Credentials of AWS. */
export type AwsIdentity = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/**
 * Credentials from the environment (as in Lambda), or from the SDK's default chain, which the AWS CLI uses too. `use` says what they are for. Throws
 * Unauthorized where there are none.
 */
export const awsIdentity = async (
  env: Record<string, string | undefined>,
  region: string,
  use: { what: string; cure: string },
): Promise<AwsIdentity> => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env;
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }) };
  }
  const { SSMClient } = await import('@aws-sdk/client-ssm');
  try {
    return await new SSMClient({ region }).config.credentials();
  } catch (thrown) {
    throw new Failure('Unauthorized', `there are no AWS credentials for ${use.what}: set ${use.cure}`, {
      cause: thrown,
    });
  }
};
