import * as z from 'zod';
import { machineArn, scheduleGroup } from '../arn.ts';
import { socketEndpoint } from './service-socket.ts';

type Env = Record<string, string>;

/** The variables that a client may bring: providers, credentials, secrets of connections, proxies and its configuration. None of them changes which code runs. */
const broughtOver =
  /^(ANTHROPIC_\w+|OPENAI_\w+|AWS_(BEARER_TOKEN_BEDROCK|ENDPOINT_URL_BEDROCK_RUNTIME|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|REGION|DEFAULT_REGION|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|CONTAINER_\w+)|NIGHTSHIFT_(CONFIG(_STAMP)?|SECRET_[A-Z][A-Z0-9_]*)|POWERTOOLS_(DEV|LOG_LEVEL|METRICS_DISABLED)|NODE_EXTRA_CA_CERTS|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy)$/;
const ofTheMachine = /^(PATH|HOME|USERPROFILE|SYSTEMROOT|TMPDIR|TEMP|LANG)$/;

const only = (names: RegExp, env: NodeJS.ProcessEnv): Env =>
  Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) => (value !== undefined && names.test(key) ? [[key, value]] : [])),
  );

/** The part of an environment that a client brings for the handlers. The client sends no more, and the service takes no more. */
export const broughtEnv = (env: NodeJS.ProcessEnv): Env => only(broughtOver, env);

/** The part of the daemon's own environment that it and its handlers need on any machine. */
export const machineEnv = (env: NodeJS.ProcessEnv): Env => only(ofTheMachine, env);

const Brought = z.record(z.string(), z.string()).nullable();

/** What a client has sent as its environment, without what it may not bring. Null where it runs nothing; undefined where it is no environment. */
export const readBrought = (body: string): Env | null | undefined => {
  try {
    const sent = Brought.parse(JSON.parse(body));
    return sent && broughtEnv(sent);
  } catch {
    return undefined;
  }
};

/** The endpoints of the local service, by AWS service: Bedrock is still reached on AWS. */
const endpoints = {
  AWS_ENDPOINT_URL_DYNAMODB: socketEndpoint,
  AWS_ENDPOINT_URL_SFN: socketEndpoint,
  AWS_ENDPOINT_URL_LAMBDA: socketEndpoint,
  AWS_ENDPOINT_URL_SCHEDULER: socketEndpoint,
};

/** The environment of a client of the local service. It has no credentials: who reaches the socket is let in, and Bedrock needs the operator's. */
export const clientEnv = (socket: string, own: Env, tableName: string): Env => ({
  ...endpoints,
  NIGHTSHIFT_SOCKET: socket,
  AWS_REGION: own.AWS_REGION ?? own.AWS_DEFAULT_REGION ?? 'eu-west-1',
  NIGHTSHIFT_TABLE: tableName,
  NIGHTSHIFT_STATE_MACHINE_ARN: machineArn,
  NIGHTSHIFT_SCHEDULE_GROUP: scheduleGroup,
  NIGHTSHIFT_STAGE: 'local',
});
