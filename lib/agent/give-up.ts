import * as z from 'zod';
import { Failure } from '../failure.ts';
import { tool } from './tool.ts';

/** The tool of every agent. It ends the attempt as GaveUp. */
export const giveUp = tool({
  description:
    'Ends this task as failed. Call it when the task cannot be done, instead of an answer that says so. Set `tryAgain` only if a new attempt, ' +
    'from the beginning, may succeed.',
  input: z.strictObject({
    reason: z.string().min(1).max(1000).describe('Why the task cannot be done, in one or two sentences.'),
    tryAgain: z.boolean().describe('Whether a new attempt may succeed.'),
  }),
  effect: 'none',
  run: async ({ reason, tryAgain }) => {
    throw new Failure('GaveUp', reason, { tryAgain });
  },
});
