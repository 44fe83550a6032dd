import { Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { canonical } from '../run/effect.ts';
import { callsOf, type Step } from '../run/step.ts';
import { tokens, type Usage } from '../usage.ts';

/** What an attempt has used: its steps and time, and what the whole run has spent. */
export type Spent = { steps: number; seconds: number; run: Usage };

/** The limit that stands in the way of another model call, as its failure, or undefined. Without a price, usd cannot be held. */
export const limitReached = (limits: Job['limits'], spent: Spent): Failure | undefined => {
  if (spent.steps >= limits.steps) return new Failure('StepLimit', `${spent.steps} steps and no final answer`);
  if (spent.seconds >= limits.seconds) {
    return new Failure(
      'TimeLimit',
      `${Math.round(spent.seconds)} s and no final answer, of ${limits.seconds} s allowed`,
    );
  }
  if (tokens(spent.run) >= limits.tokens) {
    return new Failure('BudgetExhausted', `the run used ${tokens(spent.run)} of ${limits.tokens} tokens allowed`);
  }
  if (spent.run.usd !== null && spent.run.usd >= limits.usd) {
    return new Failure('BudgetExhausted', `the run cost ${spent.run.usd.toFixed(4)} of ${limits.usd} usd allowed`);
  }
  return undefined;
};

/** After how many equal steps, or unreachable calls in a row, a session is going nowhere. */
const patience = 3;

const prints = (step: Step): Set<string> =>
  new Set(callsOf(step).map(({ call, output }) => canonical([call.toolName, call.input, output])));

/** The same call with the same result in each of the last steps, as its failure, or undefined. */
export const loopDetected = (steps: Step[]): Failure | undefined => {
  const last = steps.slice(-patience);
  if (last.length < patience) return undefined;
  const [first = new Set<string>(), ...others] = last.map(prints);
  const repeated = [...first].some((print) => others.every((step) => step.has(print)));
  return repeated
    ? new Failure('LoopDetected', `the same call had the same result in ${patience} steps in a row`)
    : undefined;
};

/** A tool that could not be reached in its last calls, as its failure, or undefined. */
export const toolUnavailable = (steps: Step[]): Failure | undefined => {
  const first = steps.findIndex(({ calls }) => calls.includes('unreachable'));
  if (first < 0) return undefined;
  const inARow = new Map<string, number>();
  for (const { call, status } of steps.slice(first).flatMap(callsOf)) {
    inARow.set(call.toolName, status === 'unreachable' ? (inARow.get(call.toolName) ?? 0) + 1 : 0);
  }
  const gone = [...inARow].find(([, count]) => count >= patience);
  return gone ? new Failure('ToolUnavailable', `${gone[0]} could not be reached ${gone[1]} times in a row`) : undefined;
};
