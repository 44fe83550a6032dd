import { isManaged, type Secret, secretName, secretPlace } from '../../../lib/connection/secret.ts';
import { awsFailure } from './stage-executions.ts';

/** The secrets of a deployed stage, by the operator's own credentials. */
export type StageSecrets = {
  /** Whether a secret is set. It is not read. Throws Unauthorized. */
  isSet(secret: Secret): Promise<boolean>;
  /** Sets a secret. Throws Unauthorized. */
  set(secret: Secret, value: string): Promise<void>;
};

/** The names by which AWS says that there is no such secret. */
const isUnset = (thrown: unknown): boolean =>
  thrown instanceof Error && ['ParameterNotFound', 'ResourceNotFoundException'].includes(thrown.name);

/** Runs a request to AWS. Its errors become Unauthorized or StoreUnavailable, without the value. */
const asked = async <T>(place: string, request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (thrown) {
    throw isUnset(thrown) ? thrown : awsFailure(place, thrown);
  }
};

const settings = { maxAttempts: 3, requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000 } };

const description = (secret: Secret): string => `Nightshift: the secret ${secretName(secret)} of a connection`;

/** Opens the secrets of a stage. `kmsKey` encrypts new ones; undefined: the key that AWS keeps. */
export const stageSecrets = async (
  stage: string,
  region: string,
  kmsKey: string | undefined,
): Promise<StageSecrets> => {
  const [ssm, manager] = await Promise.all([import('@aws-sdk/client-ssm'), import('@aws-sdk/client-secrets-manager')]);
  const parameters = new ssm.SSMClient({ region, ...settings });
  const secrets = new manager.SecretsManagerClient({ region, ...settings });
  const request = (secret: Secret): Promise<unknown> => {
    const place = secretPlace(secret, stage);
    return isManaged(secret)
      ? secrets.send(new manager.DescribeSecretCommand({ SecretId: place }))
      : parameters.send(new ssm.GetParameterCommand({ Name: place, WithDecryption: false }));
  };
  const replaced = (place: string, value: string): Promise<unknown> =>
    secrets.send(new manager.PutSecretValueCommand({ SecretId: place, SecretString: value }));
  return {
    async isSet(secret) {
      try {
        await asked(secretPlace(secret, stage), request(secret));
        return true;
      } catch (thrown) {
        if (isUnset(thrown)) return false;
        throw thrown;
      }
    },
    async set(secret, value) {
      const Name = secretPlace(secret, stage);
      const [Description, KeyId] = [description(secret), kmsKey];
      if (!isManaged(secret)) {
        const input = { Name, Value: value, Type: 'SecureString' as const, Overwrite: true, Description };
        await asked(Name, parameters.send(new ssm.PutParameterCommand({ ...input, ...(KeyId && { KeyId }) })));
        return;
      }
      const created = { Name, SecretString: value, Description, ...(KeyId && { KmsKeyId: KeyId }) };
      try {
        await asked(Name, replaced(Name, value));
      } catch (thrown) {
        if (!isUnset(thrown)) throw thrown;
        await asked(Name, secrets.send(new manager.CreateSecretCommand(created)));
      }
    },
  };
};
