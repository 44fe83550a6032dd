import { resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { DispatchEvent, DispatchResult } from '../../lib/dispatch.ts';
import { dynamoStores, type Stores } from '../../lib/io/stores.ts';
import { connect } from '../local/connect.ts';
import { configPath, configStamp } from './config.ts';
import { invokeDispatch } from './dispatch.ts';
import { type Place, regionOf } from './place.ts';

/** A service to ask: the same for a deployed one and the local one. Commands only read its stores. */
export type Stage = {
  stores: Stores;
  dispatch(event: DispatchEvent): Promise<DispatchResult>;
  /** How long to rest between two looks, in milliseconds. */
  restMs: number;
  close(): void;
};

const requestHandler = { connectionTimeout: 3_000, requestTimeout: 60_000 };

/** Every put needs a token; a command has none to give. */
const token = (): never => {
  throw new Error('a command tried to write: only the functions do');
};

type Names = { table: string; dispatch: string; restMs: number };

const asked = (settings: object, names: Names, leave: () => void): Stage => {
  const common = { maxAttempts: 4, requestHandler, ...settings };
  const [dynamo, lambda] = [new DynamoDBClient(common), new LambdaClient(common)];
  return {
    stores: dynamoStores(dynamo, names.table, { now: () => new Date(), token }),
    dispatch: (event) => invokeDispatch(lambda, names.dispatch, event),
    restMs: names.restMs,
    close() {
      dynamo.destroy();
      lambda.destroy();
      leave();
    },
  };
};

const deployed = (stage: string, region: string): Stage => {
  const names = { table: `nightshift-${stage}`, dispatch: `nightshift-${stage}-dispatch`, restMs: 1000 };
  return asked({ region }, names, () => undefined);
};

const local = async (data: string): Promise<Stage> => {
  const config = configPath(data);
  const own = { ...process.env, NIGHTSHIFT_CONFIG: config, NIGHTSHIFT_CONFIG_STAMP: await configStamp(data) };
  const { url, env, close } = await connect(resolve(data), { config }, { env: own });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const names = { table: env.NIGHTSHIFT_TABLE ?? '', dispatch: 'dispatch', restMs: 150 };
  return asked({ endpoint: url, region: env.AWS_REGION, credentials }, names, close);
};

/**
 * Opens a deployed stage with the caller's AWS credentials (nothing is asked yet), or connects to the local service and starts
 * it if need be. Throws StoreUnavailable where that does not come up.
 */
export const openStage = async (place: Place): Promise<Stage> =>
  place.stage === undefined ? local(place.data) : deployed(place.stage, regionOf(place));
