import { machineArn } from './arn.ts';

/** What a person's own shell says about providers and credentials; handed through to the handlers. */
const handedThrough =
  /^(ANTHROPIC_|OPENAI_|OPENAI_COMPATIBLE_|AWS_BEARER_TOKEN_BEDROCK$|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|REGION|DEFAULT_REGION|CONFIG_FILE|SHARED_CREDENTIALS_FILE)$|NIGHTSHIFT_|POWERTOOLS_|NODE_EXTRA_CA_CERTS$|HTTPS?_PROXY$|NO_PROXY$|https?_proxy$|no_proxy$)/;
const ofTheMachine = ['PATH', 'HOME', 'USERPROFILE', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'LANG'];

/** The part of a person's environment that reaches the handlers. */
export const ownEnv = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      value !== undefined && (handedThrough.test(key) || ofTheMachine.includes(key)) ? [[key, value]] : [],
    ),
  );

/** Where the AWS SDK finds the local service. By service, so that Bedrock still finds AWS. */
const endpoints = (url: string): Record<string, string> => ({
  AWS_ENDPOINT_URL_DYNAMODB: url,
  AWS_ENDPOINT_URL_SFN: url,
  AWS_ENDPOINT_URL_LAMBDA: url,
});

/** Credentials the local service does not check, for a machine that has none of AWS's. */
const credentials = (own: Record<string, string>): Record<string, string> =>
  'AWS_ACCESS_KEY_ID' in own || 'AWS_PROFILE' in own
    ? {}
    : { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** What a client of the local service needs in its environment, the person's own credentials and region going first. */
export const clientEnv = (url: string, own: Record<string, string>, tableName: string): Record<string, string> => ({
  ...endpoints(url),
  ...credentials(own),
  AWS_REGION: own.AWS_REGION ?? own.AWS_DEFAULT_REGION ?? 'eu-west-1',
  NIGHTSHIFT_TABLE: tableName,
  NIGHTSHIFT_STATE_MACHINE_ARN: machineArn,
  NIGHTSHIFT_STAGE: 'local',
});
