import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { Failure, failureName } from '../../../lib/failure.ts';
import { isRefusedCredential } from '../../../lib/io/aws/credential.ts';
import type { DispatchEvent, DispatchResult } from '../../../lib/lifecycle/dispatch.ts';
import { parse } from '../../../lib/parse.ts';

const DispatchReply: z.ZodType<DispatchResult> = z.union([
  z.strictObject({ status: z.enum(['started', 'duplicate', 'queued', 'waits']), run: z.string() }),
  z.strictObject({ status: z.literal('skipped'), run: z.string(), why: z.string() }),
]);

/** Lambda's reply where the function threw. */
const Thrown = z.object({ errorType: z.string().default('unknown error'), errorMessage: z.string().default('') });

/**
 * Invokes the dispatch function for a slot. A failure that the function threw is thrown again by its name. Throws StoreUnavailable where
 * the function cannot be reached or has crashed, Unauthorized where AWS refuses the caller.
 */
export const invokeDispatch = async (
  client: LambdaClient,
  name: string,
  event: DispatchEvent,
): Promise<DispatchResult> => {
  const { FunctionError, Payload } = await client
    .send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }))
    .catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.name : 'unknown error';
      if (isRefusedCredential(cause)) throw new Failure('Unauthorized', `function ${name}: ${why}`, { cause });
      const gone = why === 'ResourceNotFoundException';
      throw new Failure(
        'StoreUnavailable',
        gone ? `there is no function ${name}: deploy the stack (npx osls deploy)` : `function ${name}: ${why}`,
        {
          cause,
        },
      );
    });
  const reply: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (FunctionError === undefined) return parse(DispatchReply, reply, 'StoreUnavailable', `function ${name} answered`);
  const { errorType, errorMessage } = parse(Thrown, reply, 'StoreUnavailable', `function ${name} failed with`);
  const failure = failureName(errorType);
  if (failure !== 'Crash') throw new Failure(failure, errorMessage);
  throw new Failure('StoreUnavailable', `function ${name} failed: ${errorType}: ${errorMessage}`);
};
