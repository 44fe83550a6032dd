import { randomBytes } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { asFailure } from '../failure.ts';
import { parse } from '../parse.ts';
import { environment } from './config.ts';
import { observer } from './observe.ts';
import { dynamoStores } from './stores.ts';

const logger = new Logger();

/** What every function has: its configuration and its clients, made once and all that outlives an invocation. */
export const service = () => {
  const config = environment(process.env);
  const now = () => new Date();
  const token = () => randomBytes(6).toString('base64url');
  const requestHandler = { connectionTimeout: 3_000, requestTimeout: 10_000 };
  const client = new DynamoDBClient({ maxAttempts: 5, requestHandler });
  return {
    config,
    now,
    stores: dynamoStores(client, config.table, { now, token }),
    observe: observer(logger, new Metrics()),
  };
};

/** The ids an event carries, for every log line of its invocation. */
const idsOf = (event: object): Record<string, unknown> =>
  Object.fromEntries(
    [
      ['job', 'job'],
      ['slot', 'slot'],
      ['runId', 'run'],
      ['attempt', 'attempt'],
    ].flatMap(([field = '', key = '']) => (field in event ? [[key, Reflect.get(event, field)]] : [])),
  );

/**
 * A Lambda handler: the event checked at the boundary, the work done, and a failure logged by name and thrown again, so that
 * Lambda and Step Functions see it. An event of another shape is InvalidEvent, which says where and what was expected.
 */
export const lambda = <Event extends object, Result>(
  schema: z.ZodType<Event>,
  work: (event: Event, context: Context) => Promise<Result>,
) =>
  middy(async (raw: unknown, context: Context): Promise<Result> => {
    try {
      const event = parse(schema, raw, 'InvalidEvent', 'event');
      logger.appendKeys(idsOf(event));
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
  }).use(injectLambdaContext(logger, { resetKeys: true }));
