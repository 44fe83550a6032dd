import { Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { canonical } from '../run/effect.ts';
import { type Call, callsOf, type Step } from '../run/step.ts';
import { tokens, type Usage } from '../usage.ts';
import { changes, type Tool } from './tool.ts';

/** What counts against the limits: steps and seconds of the attempt, and usage of the whole run. */
export type Spent = { steps: number; seconds: number; run: Usage };

/** The failure of the first limit that forbids another model call, or undefined. `usd` is ignored if a price is unknown. */
export const limitReached = (limits: Job['limits'], spent: Spent): Failure | undefined => {
  if (spent.steps >= limits.steps) return new Failure('StepLimit', `no final answer after ${spent.steps} steps`);
  if (spent.seconds >= limits.seconds) {
    return new Failure(
      'TimeLimit',
      `no final answer after ${Math.round(spent.seconds)} s of ${limits.seconds} s allowed`,
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

/** How many calls that change the world an attempt may make, so that reading all of a run is bounded. */
const mostEffects = 200;

/** StepLimit if the attempt has made as many calls that change the world as any attempt may. */
export const effectsExhausted = (steps: Step[], tools: Record<string, Tool>): Failure | undefined => {
  const isEffect = ({ call: { toolName, input } }: Call): boolean => {
    const tool = Object.hasOwn(tools, toolName) ? tools[toolName] : undefined;
    return tool !== undefined && changes(tool, input);
  };
  const made = steps.flatMap(callsOf).filter(isEffect).length;
  return made >= mostEffects
    ? new Failure(
        'StepLimit',
        `no final answer after ${made} calls that change the world, expected fewer than ${mostEffects}`,
      )
    : undefined;
};

/** The number of equal steps, or of unreachable calls in a row, that ends an attempt. */
const patience = 3;

const prints = (step: Step): Set<string> =>
  new Set(callsOf(step).map(({ call, output }) => canonical([call.toolName, call.input, output])));

/** LoopDetected if each of the last steps has the same call with the same result. */
export const loopDetected = (steps: Step[]): Failure | undefined => {
  const last = steps.slice(-patience);
  if (last.length < patience) return undefined;
  const [first = new Set<string>(), ...others] = last.map(prints);
  const repeated = [...first].some((print) => others.every((step) => step.has(print)));
  return repeated
    ? new Failure('LoopDetected', `the same call had the same result in ${patience} steps in a row`)
    : undefined;
};

/** ToolUnavailable if the last calls of some tool could not reach it. */
export const toolUnavailable = (steps: Step[]): Failure | undefined => {
  const first = steps.findIndex(({ calls }) => calls.includes('unreachable'));
  if (first < 0) return undefined;
  const inARow = new Map<string, number>();
  for (const { call, status } of steps.slice(first).flatMap(callsOf)) {
    inARow.set(call.toolName, status === 'unreachable' ? (inARow.get(call.toolName) ?? 0) + 1 : 0);
  }
  const unreachable = [...inARow].find(([, count]) => count >= patience);
  return unreachable
    ? new Failure('ToolUnavailable', `${unreachable[0]} could not be reached ${unreachable[1]} times in a row`)
    : undefined;
};
