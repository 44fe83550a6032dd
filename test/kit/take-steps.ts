import * as z from 'zod';
import type { ModelReply, ReplyPart } from '../../lib/agent/model.ts';
import { type NextStepDeps, nextStep } from '../../lib/agent/next-step.ts';
import type { Tool } from '../../lib/agent/tool.ts';
import type { Effects } from '../../lib/run/effect.ts';
import type { ResultReader } from '../../lib/run/result.ts';
import type { Step } from '../../lib/run/step.ts';
import { noUsage } from '../../lib/usage.ts';
import { runOf, today } from './stored.ts';

const run = runOf('turns');
const unused = () => Promise.reject(new Error('not for this test'));

/** A tool that takes any object and answers with what `run` gives or throws. */
export const stubTool = (effect: Tool['effect'], run: Tool['run']): Tool => ({
  description: 'Any.',
  input: z.record(z.string(), z.unknown()),
  effect,
  run,
});

export const replyOf = (content: ReplyPart[], finish: ModelReply['finish'] = 'tool-calls'): ModelReply => ({
  content,
  finish,
  usage: noUsage,
});

type World = { tools: Record<string, Tool>; effects: Effects; attempt?: number; readResult?: ResultReader };

/** Runs one step per reply, as the agent loop does. Throws when a step throws. */
export const takeSteps = async (replies: ModelReply[], world: World): Promise<Step[]> => {
  const steps: Step[] = [];
  const { attempt = 1, tools, effects, readResult = (text) => ({ value: text }) } = world;
  const deps: NextStepDeps = {
    tools,
    effects,
    readResult,
    context: {
      job: run.job,
      runId: run.id,
      slot: run.slot,
      attempt,
      http: unused,
      pastRuns: { runs: unused, previousResult: unused },
    },
    timeout: () => new AbortController().signal,
    fence: async () => undefined,
    now: () => today,
  };
  for (const reply of replies) steps.push(await nextStep(reply, { startedAt: today, steps }, deps));
  return steps;
};
