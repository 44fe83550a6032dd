import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Failure } from '../../../lib/failure.ts';
import { writeConfig } from '../../../lib/io/files/job-files.ts';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import { Job } from '../../../lib/job/job.ts';
import { type LoopbackAws, openLoopbackAws, type Wire } from './loopback-aws.ts';

const job = (name: string, more: Record<string, unknown> = {}): Job =>
  Job.parse({
    name,
    schedule: { rate: '1 hour' },
    model: 'scripted/play',
    prompt: 'It is ${date}. Go.',
    tools: ['list_runs'],
    ...more,
  });

/** The deployed jobs of the loopback service. */
export const jobs = {
  small: job('small'),
  off: job('off', { enabled: false }),
  typed: job('typed', { result: { type: 'object', required: ['quiet'] } }),
};

const play = { attempts: [[{ tools: [{ name: 'list_runs', input: {} }] }, { text: '{"quiet": true}' }]] };

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const context = {
  functionName: 'fuzzed',
  functionVersion: '1',
  memoryLimitInMB: '512',
  awsRequestId: 'request',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:fuzzed',
  getRemainingTimeInMillis: () => 900_000,
};

export type World = {
  aws: LoopbackAws;
  stores: Stores;
  /** Damaged items that lists left out. */
  damaged: Failure[];
  /** Invokes a real function in this process. */
  invoke(name: 'dispatch' | 'attempt' | 'triage' | 'settle', event: unknown): Promise<unknown>;
  /** Returns the items that some work on the stores writes. */
  made(work: (stores: Stores) => Promise<void>): Promise<Wire[]>;
  close(): Promise<void>;
};

/** Opens the real functions and stores on loopback. Sets the environment variables of this thread. */
export const openWorld = async (): Promise<World> => {
  const aws = await openLoopbackAws();
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-fuzz-'));
  const config = join(dir, 'config');
  await writeConfig(config, { jobs: Object.values(jobs), scripts: { play } });
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: aws.url,
    NIGHTSHIFT_TABLE: 'table',
    NIGHTSHIFT_CONFIG: config,
    NIGHTSHIFT_STATE_MACHINE_ARN: 'arn:aws:states:eu-west-1:000000000000:stateMachine:run',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  const client = new DynamoDBClient({
    requestHandler: aws.requestHandler as never,
    signer: { sign: async (request) => request },
  });
  const damaged: Failure[] = [];
  let token = 0;
  const stores = dynamoStores(client, 'table', {
    now: () => new Date(),
    token: () => String(++token),
    damaged: (failure) => damaged.push(failure),
  });
  return {
    aws,
    stores,
    damaged,
    async invoke(name, event) {
      // The import rules forbid a static import of a function, so it is loaded by name, as Lambda does.
      const { handler }: { handler: Handler } = await import(
        new URL(`../../../functions/${name}.ts`, import.meta.url).href
      );
      return handler(event, context);
    },
    async made(work) {
      aws.replaceItems([]);
      await work(stores);
      return [...aws.items.values()];
    },
    async close() {
      client.destroy();
      await aws.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** Whether no item was written and no execution started. */
export const untouched = ({ puts, started }: LoopbackAws): boolean => puts === 0 && started.length === 0;

const unused = () => Promise.reject(new Error('the fuzzed tools do not read past runs'));
export const noPastRuns = { runs: unused, previousResult: unused };
