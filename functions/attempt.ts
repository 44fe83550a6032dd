import { agentLoop } from '../lib/agent/agent-loop.ts';
import { lambda, service } from '../lib/io/aws/lambda.ts';
import { opener } from '../lib/io/open.ts';
import { AttemptInput } from '../lib/run/attempt.ts';

const { config, now, stores, observer } = service();
const open = opener({ stores, config: config.config, env: process.env, now, observer });

/** Works on one attempt until it is done, fails, or runs out of time. */
export const handler = lambda(AttemptInput, (input, context) =>
  agentLoop(input, {
    stores,
    open,
    clock: { now, remainingMs: () => context.getRemainingTimeInMillis(), timeout: AbortSignal.timeout },
    observer,
  }),
);
