import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { onTestFinished } from 'vitest';
import { machineArn, scheduleGroup } from '../../../infra/local/arn.ts';
import { startService } from '../../../infra/local/daemon/service.ts';
import type { LocalFunction } from '../../../infra/local/lambda/sandbox.ts';
import { type FunctionName, functionNames } from '../../../infra/package/build.ts';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import type { Run } from '../../../lib/run/run.ts';
import { compactSlot, slotAt } from '../../../lib/schedule/slot.ts';
import { type Wiretap, wiretap } from '../../kit/contract/tap.ts';
import { loopbackPort } from '../../kit/loopback-port.ts';
import { serve } from '../../kit/model-server.ts';
import { removed } from '../../kit/project.ts';
import { temporaryDirectory } from '../../kit/temporary-directory.ts';
import { unexpected } from '../../kit/unexpected.ts';
import type { AnthropicOptions, AnthropicServer } from '../../kit/wire/anthropic-server.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { createTable } from './engine-table.ts';
import { openSandbox, type Result, roleCredentials, type Sandbox } from './lambda-sandbox.ts';
import { startMiniStack } from './ministack.ts';
import { type Deployment, deploy } from './unpacked-functions.ts';

/** What all tests of the packaged functions share: the package, DynamoDB Local, and Parameter Store on MiniStack. */
export type World = {
  deployment: Deployment;
  dynamoUrl: string;
  ssmUrl: string;
  /** Puts the model's key where the function is told to look for it. */
  putKey(key: string): Promise<void>;
  close(): Promise<void>;
};

const aws = (endpoint: string) => ({ endpoint, region: 'eu-west-1', credentials: roleCredentials });

/** Starts all of these at once. Where one fails, those that did start are closed. */
const startedTogether = async <T extends { close(): Promise<void> }>(starting: Promise<T>[]): Promise<T[]> => {
  const ended = await Promise.allSettled(starting);
  const started = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = ended.find((one) => one.status === 'rejected');
  if (!failed) return started;
  await Promise.all(started.map(({ close }) => close()));
  throw failed.reason;
};

export const openWorld = async (): Promise<World> => {
  const here = { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-west-1', 'AWS::AccountId': '000000000000' };
  const deployment = await deploy({ report }, { ...here, StateMachine: machineArn, ScheduleGroup: scheduleGroup });
  const engines = await startedTogether([startDynamoDbLocal(), startMiniStack()]);
  const [dynamoUrl = '', ssmUrl = ''] = engines.map(({ url }) => url);
  const client = new DynamoDBClient(aws(dynamoUrl));
  await createTable(client, deployment.tableName);
  const ssm = new SSMClient(aws(ssmUrl));
  return {
    deployment,
    dynamoUrl,
    ssmUrl,
    async putKey(Value) {
      const Name = deployment.keyParameter;
      await ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }));
    },
    async close() {
      client.destroy();
      ssm.destroy();
      await Promise.all([...engines.map(({ close }) => close()), removed()]);
    },
  };
};

export type Stage = {
  lambda: Record<FunctionName, Sandbox>;
  /** Every invocation the state machine made, in order. */
  invoked: { name: FunctionName; result: Result }[];
  model: AnthropicServer;
  stores: Stores;
  dynamo: Wiretap;
  states: Wiretap;
  /** Where Step Functions and Scheduler answer. */
  serviceUrl: string;
  /** The run when it has its outcome and its execution is over. */
  ended(runId: string): Promise<Run>;
  /** What a function has printed, line by line. */
  printed(name: FunctionName): string[];
};

/** A function for the local state machine that hands each event to the function under AWS's runtime client. */
const bridge = (dir: string, name: string, origin: string): LocalFunction => {
  const module = join(dir, `${name}.mjs`);
  const source = `export const handler = async (event) => {
    const response = await fetch('${origin}/${name}', { method: 'POST', body: JSON.stringify(event) });
    const { ok, payload, error } = await response.json();
    if (ok) return payload;
    throw Object.assign(new Error(error.errorMessage), { name: error.errorType });
  };`;
  writeFileSync(module, source);
  return { module, timeoutSeconds: 900 };
};

const overrides = {
  waitTimeOverrides: { Spread: 0, Backoff: 0 },
  retryIntervalOverrides: { Attempt: 0, Triage: 0, Settle: 0 },
};

type StageOptions = {
  reply?: AnthropicOptions['reply'];
  /** In place of what the template says. */
  memoryMb?: number;
  timeoutSeconds?: Partial<Record<FunctionName, number>>;
  env?: Record<string, string | undefined>;
  /** Done after each invocation of the state machine, before it is told the result. */
  after?(result: Result): Promise<void>;
};

/** The packaged functions under AWS's runtime client, between the real state machine and real stores; closed when the test is over. */
export const openStage = async (world: World, options: StageOptions = {}): Promise<Stage> => {
  const dir = temporaryDirectory();
  const { functions: deployed, tableName } = world.deployment;
  const model = await serve(options.reply ? { reply: options.reply } : {});
  await world.putKey(model.key);
  const invoked: Stage['invoked'] = [];
  const front = await listen(async (request, response) => {
    const name = functionNames.find((one) => request.url === `/${one}`) ?? 'attempt';
    const event = JSON.parse((await readBody(request)).toString());
    const result = await lambda[name].invoke(event, options.timeoutSeconds?.[name]);
    invoked.push({ name, result });
    await options.after?.(result);
    response.end(JSON.stringify(result));
  });
  onTestFinished(front.close);
  const bridges = Object.fromEntries(functionNames.map((name) => [name, bridge(dir, name, front.origin)]));
  const service = await startService({
    dir: join(dir, 'data'),
    functions: bridges,
    definition: readFileSync('infra/run.asl.json', 'utf8'),
    table: { name: 'unused', properties: unusedTable },
    statusFunction: 'settle',
    overrides,
  });
  onTestFinished(() => service.close());
  const port = await loopbackPort(service.socket);
  onTestFinished(port.close);
  const [dynamo, states] = await Promise.all([wiretap(world.dynamoUrl), wiretap(port.origin)]);
  onTestFinished(async () => {
    await Promise.all([dynamo.close(), states.close()]);
  });
  const env = {
    ANTHROPIC_BASE_URL: model.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.origin,
    AWS_ENDPOINT_URL_SFN: states.origin,
    AWS_ENDPOINT_URL_SCHEDULER: port.origin,
    AWS_ENDPOINT_URL_SSM: world.ssmUrl,
    // The state machine here is that of the local service, also for settle, which is told of it by its name.
    NIGHTSHIFT_STATE_MACHINE_ARN: machineArn,
    ...options.env,
  };
  const log = (name: string) => join(dir, `${name}.log`);
  const open = (name: FunctionName): Sandbox => {
    const { memoryMb = deployed[name].memoryMb } = options;
    const sandbox = openSandbox({ ...deployed[name], memoryMb, env: { ...deployed[name].env, ...env } }, log(name));
    onTestFinished(async () => {
      await sandbox.kill();
      if (sandbox.refused.length > 0) throw new Error(`Lambda would refuse what ${name} did: ${sandbox.refused}`);
    });
    return sandbox;
  };
  const lambda = {
    dispatch: open('dispatch'),
    attempt: open('attempt'),
    triage: open('triage'),
    settle: open('settle'),
    watchman: open('watchman'),
  };
  const client = new DynamoDBClient(aws(world.dynamoUrl));
  onTestFinished(() => client.destroy());
  const stores = dynamoStores(client, tableName, { now: () => new Date(), token: randomUUID, damaged: unexpected });
  return {
    lambda,
    invoked,
    model,
    stores,
    dynamo,
    states,
    serviceUrl: port.origin,
    async ended(runId) {
      for (;;) {
        const run = await stores.runs.get(runId);
        if (run?.outcome && !service.busy) return run;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    printed: (name) => (existsSync(log(name)) ? readFileSync(log(name), 'utf8').split('\n').filter(Boolean) : []),
  };
};

const unusedTable = {
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
};

const report = `
schedule: { cron: 0 7 * * ? *, timezone: Europe/Amsterdam }
model: anthropic/claude-sonnet-4-5
system: You write reports.
prompt: Write the plover report.
tools: [previous_result]
limits: { toolSeconds: 1 }
`;
/** A reply that calls a tool. */
export const look = { text: 'Let me look at the plovers.', calls: [{ name: 'previous_result', input: {} }] };

let slots = 0;
/** A slot that is due and that no other test has. */
export const freshSlot = (): string => slotAt(new Date(Date.now() - ++slots * 60_000));

/** A delivery of such a slot by the job's schedule, and the id of its run. */
export const delivery = () => {
  const slot = freshSlot();
  return { event: { job: 'report', slot }, id: `report_${compactSlot(slot)}` };
};
