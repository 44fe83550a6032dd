import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateFunctionCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { pack } from '../../../infra/package/build.ts';
import { dynamoStores } from '../../../lib/io/store/stores.ts';
import { clientOptions } from '../../kit/local-service.ts';
import { unexpected } from '../../kit/unexpected.ts';
import { tableOn } from './engine-table.ts';
import { filled, history, type Machine, once, type StartEngine } from './machine-engine.ts';
import { stageIn } from './machine-script.ts';
import { startMiniStack } from './ministack.ts';

const roleArn = 'arn:aws:iam::000000000000:role/engine';

/** Calls an action of EventBridge, of which the project has no client. */
const events = async (url: string, action: string, body: unknown): Promise<void> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSEvents.${action}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20261122/eu-west-1/events/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`);
};

/** Tells settle of executions that died, as the rule in infra/execution.yml does. */
const ruleOf = async (url: string, settle: string): Promise<void> => {
  const pattern = {
    source: ['aws.states'],
    'detail-type': ['Step Functions Execution Status Change'],
    detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
  };
  await events(url, 'PutRule', { Name: 'dead', State: 'ENABLED', EventPattern: JSON.stringify(pattern) });
  await events(url, 'PutTargets', { Rule: 'dead', Targets: [{ Id: 'settle', Arn: settle }] });
};

/** MiniStack: its own Step Functions, Lambda (Node processes, from archives), DynamoDB and EventBridge. */
export const startMiniStackMachine: StartEngine = async (dir, bundles, { env }) => {
  const running = await startMiniStack();
  const { client: dynamo, tableName, close } = await tableOn(running);
  const options = clientOptions(running.url);
  const [lambda, client] = [new LambdaClient(options), new SFNClient(options)];
  const Variables = {
    ...env,
    AWS_ENDPOINT_URL: running.url,
    NIGHTSHIFT_TABLE: tableName,
    NIGHTSHIFT_CONFIG: dir,
    POWERTOOLS_SERVICE_NAME: 'nightshift',
    POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
  };
  const deploy = async (name: 'attempt' | 'triage' | 'settle', Timeout: number): Promise<string> => {
    await stageIn(dir, name, bundles[name]);
    const ZipFile = await readFile(await pack(join(dir, name)));
    const made = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: roleArn,
        Code: { ZipFile },
        Environment: { Variables },
        Timeout,
      }),
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30 }, { FunctionName: name });
    return made.FunctionArn ?? '';
  };
  const arns = {
    attempt: await deploy('attempt', 900),
    triage: await deploy('triage', 30),
    settle: await deploy('settle', 30),
  };
  await ruleOf(running.url, arns.settle);
  const stores = dynamoStores(dynamo, tableName, { now: () => new Date(), token: randomUUID, damaged: unexpected });
  let machines = 0;
  const machine = once(async (definition): Promise<Machine> => {
    const { stateMachineArn = '' } = await client.send(
      new CreateStateMachineCommand({
        name: `machine-${machines++}`,
        definition: filled(definition, (stage) => arns[stage as keyof typeof arns]),
        roleArn,
      }),
    );
    return { client, arn: stateMachineArn, stores, entered: history(client) };
  });
  return { machine, close };
};
