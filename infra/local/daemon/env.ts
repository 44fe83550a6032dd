import { machineArn, scheduleGroup } from '../arn.ts';

/** The variables of providers and credentials. The handlers get them from the operator's shell. */
const passedOn =
  /^(ANTHROPIC_|OPENAI_|OPENAI_COMPATIBLE_|AWS_(BEARER_TOKEN_BEDROCK|ENDPOINT_URL_BEDROCK_RUNTIME|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|REGION|DEFAULT_REGION|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|CONTAINER_\w+)$|NIGHTSHIFT_|POWERTOOLS_|NODE_EXTRA_CA_CERTS$|HTTPS?_PROXY$|NO_PROXY$|https?_proxy$|no_proxy$)/;
const ofTheMachine = ['PATH', 'HOME', 'USERPROFILE', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'LANG'];

/** The part of the operator's environment that the handlers get. */
export const ownEnv = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      value !== undefined && (passedOn.test(key) || ofTheMachine.includes(key)) ? [[key, value]] : [],
    ),
  );

/** The endpoints of the local service, by AWS service: Bedrock is still reached on AWS. */
const endpoints = (url: string): Record<string, string> => ({
  AWS_ENDPOINT_URL_DYNAMODB: url,
  AWS_ENDPOINT_URL_SFN: url,
  AWS_ENDPOINT_URL_LAMBDA: url,
  AWS_ENDPOINT_URL_SCHEDULER: url,
});

/** The environment of a client of the local service. It has no credentials: the service checks none, and Bedrock needs the operator's. */
export const clientEnv = (url: string, own: Record<string, string>, tableName: string): Record<string, string> => ({
  ...endpoints(url),
  AWS_REGION: own.AWS_REGION ?? own.AWS_DEFAULT_REGION ?? 'eu-west-1',
  NIGHTSHIFT_TABLE: tableName,
  NIGHTSHIFT_STATE_MACHINE_ARN: machineArn,
  NIGHTSHIFT_SCHEDULE_GROUP: scheduleGroup,
  NIGHTSHIFT_STAGE: 'local',
});
