import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { SchedulerClientConfig } from '@aws-sdk/client-scheduler';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import type { DispatchEvent, DispatchResult } from '../../../lib/lifecycle/dispatch.ts';
import { connect } from '../../local/daemon/connect.ts';
import { invokeDispatch } from './invoke-dispatch.ts';
import { configPath, configStamp } from './local-config.ts';
import { regionOf, type Target } from './target.ts';

/** A service to ask: the same for a deployed one and the local one. Commands only read its stores, but for pause and resume. */
export type Client = {
  stores: Stores;
  dispatch(event: DispatchEvent): Promise<DispatchResult>;
  /** How long to rest between two looks, in milliseconds. */
  restMs: number;
  /** How many open runs nothing works on. A deployed stage has none. */
  waiting: number;
  /** Whether the local service has ended meanwhile. */
  readonly lost: boolean;
  close(): void;
};

const requestHandler = { connectionTimeout: 3_000, requestTimeout: 60_000, throwOnRequestTimeout: true };

/** A run that cannot be read is left out of a list, and said so, once. */
const damagedOnce = () => {
  const told = new Set<string>();
  return ({ message }: Error): void => {
    if (!told.has(message)) console.error(`left out: ${message}`);
    told.add(message);
  };
};

type Names = { table: string; dispatch: string; restMs: number };

type Held = { waiting: number; readonly lost: boolean; close(): void };

const asked = (settings: object, names: Names, held: Held): Client => {
  const common = { maxAttempts: 4, requestHandler, ...settings };
  const [dynamo, lambda] = [new DynamoDBClient(common), new LambdaClient(common)];
  return {
    stores: dynamoStores(dynamo, names.table, { now: () => new Date(), token: randomUUID, damaged: damagedOnce() }),
    dispatch: (event) => invokeDispatch(lambda, names.dispatch, event),
    restMs: names.restMs,
    waiting: held.waiting,
    get lost() {
      return held.lost;
    },
    close() {
      dynamo.destroy();
      lambda.destroy();
      held.close();
    },
  };
};

const deployed = (stage: string, region: string): Client => {
  const names = { table: `nightshift-${stage}`, dispatch: `nightshift-${stage}-dispatch`, restMs: 1000 };
  return asked({ region }, names, { waiting: 0, lost: false, close() {} });
};

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** The local service, with what else there is to ask of it. */
export type LocalClient = Client & { url: string; scheduler(): SchedulerClientConfig };

/** Connects to the local service and starts it if need be. Throws StoreUnavailable. */
export const openLocalClient = async (data: string, { resume }: { resume: boolean }): Promise<LocalClient> => {
  const config = configPath(data);
  const own = { ...process.env, NIGHTSHIFT_CONFIG: config, NIGHTSHIFT_CONFIG_STAMP: await configStamp(data) };
  const held = await connect(resolve(data), { config }, { env: own, resume });
  const { url, env } = held;
  const names = { table: env.NIGHTSHIFT_TABLE ?? '', dispatch: 'dispatch', restMs: 150 };
  const settings = { endpoint: url, region: env.AWS_REGION ?? '', credentials };
  return Object.assign(asked(settings, names, held), { url, scheduler: () => ({ requestHandler, ...settings }) });
};

/**
 * Opens a deployed stage with the caller's AWS credentials (nothing is asked yet), or connects to the local service and starts
 * it if need be: with `resume`, what an earlier one left open goes on, with the caller's environment. Throws StoreUnavailable where that does not come up.
 */
export const openClient = async (place: Target, { resume }: { resume: boolean }): Promise<Client> =>
  place.stage === undefined ? openLocalClient(place.data, { resume }) : deployed(place.stage, regionOf(place));
