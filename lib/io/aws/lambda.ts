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

/** The socket of the local service. It lets in who may reach it, and the user's credentials are for Bedrock only: these clients get placeholders. */
const { NIGHTSHIFT_STAGE, NIGHTSHIFT_SOCKET: socketPath } = process.env;
const isLocal = NIGHTSHIFT_STAGE === 'local';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const throughSocket = { keepAlive: true, socketPath };

/** Limits for requests to AWS. A request over its time limit is retried, and fails after the last attempt. */
export const clientOptions = {
  maxAttempts: 5,
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
    ...(isLocal && { httpAgent: throughSocket }),
  },
  ...(isLocal && { credentials }),
};

/** What every function needs: configuration, stores and the observer. Made once a process; nothing else outlives an invocation. */
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

/** The job, run and attempt of an event, for every log line of its invocation. */
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
 * Middy's early timeout is off: only the handler returns a response. With it, work would go on in the same process during the next invocation,
 * instead of dying at Lambda's deadline.
 */
const killedAtDeadline = { timeoutEarlyInMillis: 0 };

/**
 * A Lambda handler: parses the event, does the work, logs a failure by name and throws it again, so that Lambda and Step Functions see it. Throws
 * InvalidEvent for an event that does not fit the schema.
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
