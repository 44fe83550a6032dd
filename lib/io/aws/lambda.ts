import { randomBytes } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { asFailure, type Failure } from '../../failure.ts';
import { parse } from '../../parse.ts';
import { runId } from '../../run/run.ts';
import { environment } from '../files/config.ts';
import { dynamoStores } from '../store/stores.ts';
import { powertoolsObserver } from './observer.ts';

const logger = new Logger();

/** The local service checks no credentials: a person's own, good or not, are Bedrock's alone there. */
const local = process.env.NIGHTSHIFT_STAGE === 'local';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** No request to AWS is waited for longer than this: it is tried again, and in the end fails by name. */
export const clientOptions = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  ...(local && { credentials }),
};

/** What every function has: its configuration and its clients, made once and all that outlives an invocation. */
export const service = () => {
  const config = environment(process.env);
  const now = () => new Date();
  const token = () => randomBytes(6).toString('base64url');
  const damaged = ({ name, message }: Failure) => logger.error('item left out', { failure: name, reason: message });
  const client = new DynamoDBClient(clientOptions);
  return {
    config,
    now,
    stores: dynamoStores(client, config.table, { now, token, damaged }),
    observer: powertoolsObserver(logger, new Metrics(), now),
  };
};

/** The ids an event carries, for every log line of its invocation: a slot's, a state's, or a dead execution's. */
const idsOf = (event: object): Record<string, unknown> => {
  const { job, slot, suffix, runId: id, attempt, detail } = IdBearing.safeParse(event).data ?? {};
  const run = detail?.name ?? id ?? (job && slot ? runId({ job, slot, suffix }) : undefined);
  return { job: job ?? run?.split('_')[0], run, attempt };
};

const IdBearing = z.object({
  job: z.string().optional().catch(undefined),
  slot: z.string().optional().catch(undefined),
  suffix: z.string().optional().catch(undefined),
  runId: z.string().optional().catch(undefined),
  attempt: z.number().optional().catch(undefined),
  detail: z.object({ name: z.string() }).optional().catch(undefined),
});

/**
 * At its deadline Lambda kills the process, and what it was doing. Left on, middy would answer 5 ms before that for work that
 * then goes on in the same process, in the middle of its next invocation.
 */
const killedAtDeadline = { timeoutEarlyInMillis: 0 };

/**
 * A Lambda handler: the event checked at the boundary, the work done, and a failure logged by name and thrown again, so that
 * Lambda and Step Functions see it. An event of another shape is InvalidEvent, which says where and what was expected.
 */
export const lambda = <Event extends object, Result>(
  schema: z.ZodType<Event>,
  work: (event: Event, context: Context) => Promise<Result>,
) =>
  middy(async (raw: unknown, context: Context): Promise<Result> => {
    if (typeof raw === 'object' && raw !== null) logger.appendKeys(idsOf(raw));
    try {
      const event = parse(schema, raw, 'InvalidEvent', 'event');
      return await work(event, context);
    } catch (thrown) {
      const { name, message, cause } = asFailure(thrown);
      logger.error('invocation failed', {
        failure: name,
        reason: message,
        cause: cause instanceof Error ? cause.name : undefined,
      });
      throw thrown;
    }
  }, killedAtDeadline).use(injectLambdaContext(logger, { resetKeys: true }));
