import { Failure } from '../../failure.ts';
import { isRefusedCredential } from './credential.ts';

/** Where AWS is and as whom it is asked; what is left out comes from the environment, as everywhere in AWS. */
export type AwsClient = {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** A function that cannot reach AWS says so within seconds, not when its Lambda times out. */
const patience = { requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true } };

const parameter = async (name: string, aws: AwsClient): Promise<string | undefined> => {
  const { GetParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm');
  const client = new SSMClient({ ...patience, ...aws });
  const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  return Parameter?.Value;
};

const managedSecret = async (id: string, aws: AwsClient): Promise<string | undefined> => {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ ...patience, ...aws });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
  return SecretString;
};

/** Errors that are AWS's own trouble though it calls them the client's fault; all others of the client's are final. */
const passing = new Set(['ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded', 'RequestTimeout']);

const failureOf = (place: string, thrown: unknown): Failure => {
  const error = thrown instanceof Error ? thrown : new Error();
  const fault = '$fault' in error ? error.$fault : undefined;
  const final = (fault === 'client' && !passing.has(error.name)) || isRefusedCredential(thrown);
  const cause = { name: error.name };
  return final
    ? new Failure('Unauthorized', `${place} could not be read: ${error.name}`, { cause })
    : new Failure('ModelUnavailable', `${place} could not be read just now: ${error.name}`, { cause });
};

const readSecret = async (place: string, fetched: Promise<string | undefined>): Promise<string> => {
  const value = await fetched.catch((thrown) => {
    throw failureOf(place, thrown);
  });
  if (value?.trim()) return value.trim();
  throw new Failure('Unauthorized', `${place} holds no text`);
};

/**
 * A secret by name, or undefined where none is set: the environment's own value, or what the SSM parameter in
 * `<NAME>_PARAMETER` or the Secrets Manager secret in `<NAME>_SECRET` holds. It is fetched at every call and kept nowhere,
 * so that a rotated key is seen. Throws Unauthorized where it may not be read or is not there, ModelUnavailable where AWS
 * does not answer; neither says the value.
 */
export const secrets =
  (env: Record<string, string | undefined>, aws: AwsClient = {}) =>
  async (name: string): Promise<string | undefined> => {
    const value = env[name]?.trim();
    if (value) return value;
    const parameterName = env[`${name}_PARAMETER`];
    if (parameterName) return readSecret(`${name}: parameter ${parameterName}`, parameter(parameterName, aws));
    const secretId = env[`${name}_SECRET`];
    if (secretId) return readSecret(`${name}: secret ${secretId}`, managedSecret(secretId, aws));
    return undefined;
  };
