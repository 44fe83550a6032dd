import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { expect } from 'vitest';
import { dynamoStores } from '../../../lib/io/store/stores.ts';
import type { Run } from '../../../lib/run/run.ts';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { unexpected } from '../../kit/unexpected.ts';
import { ask, scheduler } from './aws-request.ts';
import type { Cloud } from './emulated-cloud.ts';

type Target = { Arn: string; RoleArn: string; Input: string; RetryPolicy: unknown; DeadLetterConfig: { Arn: string } };
/** The watchman's finding about a job. */
export type Found = {
  missed: string[];
  covered: string[];
  started: string[];
  mended: { run: string; was: string }[];
  drift: string[];
  stale: boolean;
};
export type Schedule = {
  ScheduleExpression: string;
  ScheduleExpressionTimezone: string;
  State: string;
  Target: Target;
};

const minute = 60_000;
/** The slot a number of minutes ago. */
export const slotAgo = (minutes: number): string => slotAt(new Date(Date.now() - minutes * minute));
export const runOf = (job: string, slot: string): string => `${job}_${slot.replaceAll(/[-:]/g, '')}`;

/** A deployed stage with clients for its services. */
export const deployedStage = (cloud: Cloud, stage: string) => {
  const dynamo = new DynamoDBClient(cloud.client);
  const lambda = new LambdaClient(cloud.client);
  const machine = new SFNClient(cloud.client);
  const stores = dynamoStores(dynamo, `nightshift-${stage}`, {
    now: () => new Date(),
    token: () => 'test',
    damaged: unexpected,
  });
  const schedule = async (job: string) =>
    (await scheduler(cloud.url, 'GET', `/schedules/${job}?groupName=nightshift-${stage}`)) as unknown as Schedule;
  const invoke = (arn: string, event: string) =>
    lambda.send(new InvokeCommand({ FunctionName: arn, InvocationType: 'Event', Payload: event }));
  return {
    dynamo,
    lambda,
    machine,
    stores,
    schedule,
    /**
     * Fires a deployed schedule as Scheduler does: asynchronously, with the schedule's own target and input. It fills in the scheduled
     * time, which MiniStack's ticker does not.
     */
    fire: async (job: string, slot: string): Promise<string> => {
      const { Target } = await schedule(job);
      await invoke(Target.Arn, Target.Input.replaceAll('<aws.scheduler.scheduled-time>', slot));
      return runOf(job, slot);
    },
    /**
     * Invokes the target of the watchman's rule with the event that EventBridge sends for a rate. It waits for the answer and returns the
     * findings by job.
     */
    watch: async (): Promise<Record<string, Found>> => {
      const Rule = `nightshift-${stage}-wake-up`;
      const { Targets } = await ask(cloud.url, 'events', 'ListTargetsByRule', { Rule });
      const [{ Arn: FunctionName }] = Targets as [{ Arn: string }];
      const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', time: new Date().toJSON(), detail: {} };
      const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
      const payload = Buffer.from(answer.Payload ?? []).toString();
      if (answer.FunctionError !== undefined) throw new Error(`the watchman threw: ${payload}`);
      return JSON.parse(payload);
    },
    /** Waits for the outcome of a run and returns the run. */
    ended: async (id: string): Promise<Run> => {
      const found = { run: undefined as Run | undefined };
      const outcome = async () => {
        found.run = await stores.runs.get(id);
        return found.run?.outcome;
      };
      await expect.poll(outcome, { timeout: 60_000, interval: 200 }).toBeTruthy();
      if (found.run) return found.run;
      throw new Error(`there is no run ${id}`);
    },
    close: () => {
      for (const client of [dynamo, lambda, machine]) client.destroy();
    },
  };
};
