import {
  isManaged,
  type Secret,
  secretName,
  secretPlace,
  secretProblem,
  secretVariable,
} from '../../connection/secret.ts';
import { Failure } from '../../failure.ts';
import { isRefusedCredential } from './credential.ts';

/** Region, endpoint and credentials of AWS. Omitted fields come from the environment, as in the AWS SDK. */
export type AwsClient = {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** Short timeouts in milliseconds: a function that cannot reach AWS fails by name before its Lambda times out. */
const timeouts = { requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true } };

const parameter = async (name: string, aws: AwsClient): Promise<string | undefined> => {
  const { GetParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm');
  const client = new SSMClient({ ...timeouts, ...aws });
  const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  return Parameter?.Value;
};

const managedSecret = async (id: string, aws: AwsClient): Promise<string | undefined> => {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ ...timeouts, ...aws });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
  return SecretString;
};

/** Client errors that pass by themselves. All other client errors (`$fault`) are final. */
const passing = new Set(['ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded', 'RequestTimeout']);

const failureOf = (place: string, thrown: unknown): Failure => {
  const error = thrown instanceof Error ? thrown : new Error();
  const fault = '$fault' in error ? error.$fault : undefined;
  const final = (fault === 'client' && !passing.has(error.name)) || isRefusedCredential(thrown);
  const cause = { name: error.name };
  return final
    ? new Failure('Unauthorized', `${place} could not be read: ${error.name}`, { cause })
    : new Failure('ModelUnavailable', `${place} could not be read, try again later: ${error.name}`, { cause });
};

const readSecret = async (place: string, fetched: Promise<string | undefined>): Promise<string> => {
  const value = await fetched.catch((thrown) => {
    throw failureOf(place, thrown);
  });
  if (value?.trim()) return value.trim();
  throw new Failure('Unauthorized', `${place} has no text value`);
};

/**
 * Reads a secret: the environment variable `<NAME>`, the SSM parameter that `<NAME>_PARAMETER` names, or the Secrets Manager
 * secret that `<NAME>_SECRET` names. Undefined if none of them is set. Each call fetches it again, so a rotated key is used at once.
 * Throws Unauthorized (missing or not permitted) or ModelUnavailable (AWS does not answer). Failures never contain the value.
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

/** The variable that names the stage whose secrets a function reads. */
const stageOf = (env: Record<string, string | undefined>): string => env.NIGHTSHIFT_STAGE || 'local';

/**
 * Reads the secret of a connection: of a deployed stage from where it is kept, on this machine from its variable. Each call fetches it again.
 * Throws Unauthorized (missing, not permitted or not usable) or ModelUnavailable (AWS does not answer). Failures never contain the value.
 */
export const connectionSecret =
  (env: Record<string, string | undefined>, aws: AwsClient = {}) =>
  async (connection: string, secret: Secret): Promise<string> => {
    const variable = secretVariable(secret);
    const stage = stageOf(env);
    const place = stage === 'local' ? variable : secretPlace(secret, stage);
    const what = `connection ${connection}: secret ${secretName(secret)} (${place})`;
    const fetched = (): Promise<string | undefined> =>
      isManaged(secret) ? managedSecret(place, aws) : parameter(place, aws);
    const value = stage === 'local' ? env[variable]?.trim() : await readSecret(what, fetched());
    if (!value)
      throw new Failure('Unauthorized', `${what} is not set: run nightshift secrets set ${secretName(secret)}`);
    const problem = secretProblem(value);
    if (problem !== undefined) throw new Failure('Unauthorized', `${what}: ${problem}`);
    return value;
  };
