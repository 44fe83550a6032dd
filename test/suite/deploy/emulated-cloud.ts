import { type FunctionName, functionNames } from '../../../infra/package/build.ts';
import { startMiniStack } from '../engines/ministack.ts';
import { type Call, recorder } from './call-recorder.ts';

export const region = 'eu-west-1';

/** An emulated AWS on this machine. `env` is the environment of a user's shell, `calls` the recorded requests of the functions. */
export type Cloud = {
  url: string;
  client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  env: Record<string, string>;
  calls: Call<FunctionName>[];
  /** The additional environment with which a function finds the emulated AWS and its configuration. */
  functionEnv(name: FunctionName): Record<string, string>;
  close(): Promise<void>;
};

/**
 * Starts a new MiniStack with IAM (`AUTH`), so that a function may do only what its role allows. The waits of the state machine and of
 * Lambda's retries take no time.
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
      // MiniStack unpacks an archive into the working directory of the function; AWS into /var/task.
      NIGHTSHIFT_CONFIG: 'config',
    }),
    close: async () => {
      await recording.close();
      await engine.close();
    },
  };
};
