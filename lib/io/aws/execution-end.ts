import * as z from 'zod';
import { type ExecutionEnd, SettleInput } from '../../lifecycle/settle.ts';

/**
 * EventBridge's event of an execution that died. Its name is the run's id, and the shape is AWS's:
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
const StatusChange = z.object({
  source: z.literal('aws.states'),
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
  }),
});

/** What invokes the settle function: the state machine's Settle state, or EventBridge. Parses to the end of an execution. */
export const ExecutionEndEvent: z.ZodType<ExecutionEnd> = z.union([
  SettleInput.transform((ended) => ({ ended })),
  StatusChange.transform(({ detail: { name, status, error } }) => ({ died: { runId: name, status, error } })),
]);
