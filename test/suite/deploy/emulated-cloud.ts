import { type FunctionName, functionNames } from '../../../infra/package/build.ts';
import { startMiniStack } from '../engines/ministack.ts';
import { type Call, recorder } from './call-recorder.ts';

export const region = 'eu-west-1';

/** An AWS of this machine's own. `env` is what a user's shell would hold to reach it; `calls` is what the functions asked of it. */
export type Cloud = {
  url: string;
  client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  env: Record<string, string>;
  calls: Call<FunctionName>[];
  /** The environment that a function needs here, beside its own, to find AWS and its configuration. */
  functionEnv(name: FunctionName): Record<string, string>;
  close(): Promise<void>;
};

/**
 * A fresh MiniStack with its IAM at work (`AUTH`): a function gets credentials of its own role and is refused what that role does not
 * allow. Waits of the state machine and of Lambda's asynchronous retries take no time. Every function asks through a recorder.
 */
export const startCloud = async (): Promise<Cloud> => {
  const settings = {
    AUTH: 'true',
    MINISTACK_REGION: region,
    SFN_WAIT_SCALE: '0',
    LAMBDA_ASYNC_RETRY_BASE_SECONDS: '0',
  };
  const engine = await startMiniStack(settings);
  const recording = await recorder(engine.url, functionNames);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return {
    url: engine.url,
    client: { endpoint: engine.url, region, credentials },
    env: {
      PATH: process.env.PATH ?? '',
      AWS_ENDPOINT_URL: engine.url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    calls: recording.calls,
    functionEnv: (name) => ({
      AWS_ENDPOINT_URL: recording.urls[name],
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: recording.urls[name],
      // MiniStack unpacks an archive anywhere and starts the function there; on AWS it lies in /var/task.
      NIGHTSHIFT_CONFIG: 'config',
    }),
    close: async () => {
      await recording.close();
      await engine.close();
    },
  };
};
