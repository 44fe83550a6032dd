import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { SchedulerClientConfig } from '@aws-sdk/client-scheduler';
import { type Damages, dynamoDamages } from '../../../lib/io/store/damages.ts';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import type { DispatchEvent, DispatchResult } from '../../../lib/lifecycle/dispatch.ts';
import type { Executions } from '../../../lib/run/execution.ts';
import { connect } from '../../local/daemon/connect.ts';
import { socketClient } from '../../local/daemon/service-socket.ts';
import { ownEnv } from './dotenv.ts';
import { invokeDispatch } from './invoke-dispatch.ts';
import { configPath, configStamp } from './local-config.ts';
import { machineOf, openExecutions } from './stage-executions.ts';
import { regionOf, type Target } from './target.ts';

/** A connection to a deployed stage or to the local service. Only `pause`, `resume`, `forget` and `repair` write to its stores. */
export type Client = {
  stores: Stores;
  /** Items that cannot be read, for the command that mends them. */
  damages: Damages;
  dispatch(event: DispatchEvent): Promise<DispatchResult>;
  /** The state machine executions of the service. The caller closes them. */
  executions(): Promise<Executions & { close(): void }>;
  /** How long to wait between two polls. */
  restMs: number;
  /** How many open runs wait for a command that continues them. A deployed stage has none. */
  waiting: number;
  /** Whether the local service has ended since it was opened. */
  readonly lost: boolean;
  close(): void;
};

const requestHandler = { connectionTimeout: 3_000, requestTimeout: 60_000, throwOnRequestTimeout: true };

/** Reports each damaged item once; lists leave it out. */
const damagedOnce = () => {
  const reported = new Set<string>();
  return ({ message }: Error): void => {
    if (!reported.has(message)) console.error(`left out: ${message}`);
    reported.add(message);
  };
};

type Names = { table: string; dispatch: string; machine?: string | undefined; restMs: number };

type Connected = { waiting: number; readonly lost: boolean; close(): void };

const clientOf = (settings: object, names: Names, connected: Connected): Client => {
  const common = { maxAttempts: 4, requestHandler, ...settings };
  const [dynamo, lambda] = [new DynamoDBClient(common), new LambdaClient(common)];
  const deps = { now: () => new Date(), token: randomUUID, damaged: damagedOnce() };
  return {
    stores: dynamoStores(dynamo, names.table, deps),
    damages: dynamoDamages(dynamo, names.table, deps),
    dispatch: (event) => invokeDispatch(lambda, names.dispatch, event),
    executions: async () => openExecutions(common, names.machine ?? (await machineOf(lambda, names.dispatch))),
    restMs: names.restMs,
    waiting: connected.waiting,
    get lost() {
      return connected.lost;
    },
    close() {
      dynamo.destroy();
      lambda.destroy();
      connected.close();
    },
  };
};

const deployed = (stage: string, region: string): Client => {
  const names = { table: `nightshift-${stage}`, dispatch: `nightshift-${stage}-dispatch`, restMs: 1000 };
  return clientOf({ region }, names, { waiting: 0, lost: false, close() {} });
};

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** A connection to the local service, with access to its Scheduler. */
export type LocalClient = Client & { socket: string; scheduler(): SchedulerClientConfig };

/** Connects to the local service and starts it where none runs. Throws StoreUnavailable. */
export const openLocalClient = async (data: string, { resume }: { resume: boolean }): Promise<LocalClient> => {
  const config = configPath(data);
  const shell = { ...ownEnv(), NIGHTSHIFT_CONFIG: config, NIGHTSHIFT_CONFIG_STAMP: await configStamp(data) };
  const connection = await connect(resolve(data), { config }, { env: shell, resume });
  const { socket, env } = connection;
  const machine = env.NIGHTSHIFT_STATE_MACHINE_ARN;
  const names = { table: env.NIGHTSHIFT_TABLE ?? '', dispatch: 'dispatch', machine, restMs: 150 };
  const { endpoint, httpAgent } = socketClient(socket);
  const own = { ...requestHandler, httpAgent };
  const settings = { endpoint, region: env.AWS_REGION ?? '', credentials, requestHandler: own };
  return Object.assign(clientOf(settings, names, connection), {
    socket,
    scheduler: () => settings,
  });
};

/**
 * Opens a deployed stage with the operator's AWS credentials, without a request yet, or connects to the local service and starts it.
 * With `resume`, open runs of an earlier local service continue in the operator's environment. Throws StoreUnavailable.
 */
export const openClient = async (target: Target, { resume }: { resume: boolean }): Promise<Client> =>
  target.stage === undefined ? openLocalClient(target.data, { resume }) : deployed(target.stage, regionOf(target));
