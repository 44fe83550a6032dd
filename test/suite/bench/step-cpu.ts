import { agentLoop } from '../../../lib/agent/agent-loop.ts';
import type { Attempt } from '../../../lib/run/attempt.ts';
import { conversation } from '../../../lib/run/session.ts';
import type { Step } from '../../../lib/run/step.ts';
import { noUsage } from '../../../lib/usage.ts';
import { quantile, type Section } from './bench-report.ts';
import { look, noPastRuns, nowhere } from './play-run.ts';
import { at, callReply, finalReply, sampleJob, sampleRun, sampleSteps } from './sample-run.ts';

const lengths = [10, 100, 500, 1_000];
const rounds = 60;
const stepsARound = 20;

const job = sampleJob('bench', 'scripted/bench', ['look']);
const run = sampleRun(job);
const replies = Array.from({ length: Math.max(...lengths) + stepsARound }, (_, index) => callReply(index + 1, 'look'));

/** In-memory stores with a run, an attempt that an earlier invocation claimed, and its session. */
const held = (steps: Step[]) => {
  const left: Attempt = { runId: run.id, number: 1, startedAt: at.toJSON(), failed: null, version: 1 };
  return {
    runs: { get: async () => run, put: nowhere, byJob: nowhere, summaries: nowhere, byDay: nowhere },
    attempts: { get: async () => left, list: nowhere, put: async () => {} },
    sessions: { load: async () => [...steps], append: async () => {} },
  };
};

const noEffects = { get: nowhere, put: nowhere, seats: nowhere, list: nowhere };

const cpuMs = (from: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
};

/** The CPU milliseconds between commits when a session of this length continues. */
const round = async (steps: Step[]): Promise<number[]> => {
  const spent: number[] = [];
  let last: NodeJS.CpuUsage | undefined;
  const end = steps.length + stepsARound;
  const context = { job, runId: run.id, slot: run.slot, attempt: 1, http: nowhere, pastRuns: noPastRuns };
  const result = await agentLoop(
    { runId: run.id, attempt: 1, version: 1, spent: noUsage, note: null },
    {
      stores: { ...held(steps), effects: noEffects },
      open: async () => ({
        model: async ({ messages }) =>
          replies[(messages.length - 1) / 2 < end ? (messages.length - 1) / 2 : -1] ?? finalReply,
        specs: [],
        calls: { tools: { look }, context, effects: noEffects },
      }),
      clock: { now: () => at, remainingMs: () => 900_000, timeout: AbortSignal.timeout },
      observer: {
        stepCommitted() {
          if (last) spent.push(cpuMs(last));
          last = process.cpuUsage();
        },
        attemptFailed() {},
      },
    },
  );
  if (result.status !== 'done') throw new Error(`the attempt ended as ${JSON.stringify(result)}`);
  return spent;
};

/** The CPU milliseconds that writing the messages of a session as JSON takes, which every provider's client must do. */
const jsonMs = (steps: Step[]): number => {
  const samples = Array.from({ length: rounds }, () => {
    const from = process.cpuUsage();
    JSON.stringify(conversation(job.prompt, steps));
    return cpuMs(from);
  });
  return quantile(samples, 0.5);
};

/** Measures the product's own CPU time per step, without model and store, at growing session lengths. */
export const cpu = async (): Promise<Section> => {
  const sessions = lengths.map((length) => ({ steps: sampleSteps(length, 'look'), ms: [] as number[] }));
  for (const { steps } of sessions) await round(steps);
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const session of sessions) session.ms.push(...(await round(session.steps)));
  }
  const found = sessions.map(({ steps, ms }) => ({
    steps,
    p50: quantile(ms, 0.5),
    p95: quantile(ms, 0.95),
    json: jsonMs(steps),
  }));
  const first = found[0]?.p50 ?? Number.NaN;
  const longest = found.at(-1);
  return {
    title: '3. Own CPU per step',
    notes: [
      `In-memory stores, an instant model, a trivial tool; ${rounds * (stepsARound - 1)} steps at each length, process.cpuUsage.`,
      'For comparison: the time to write the request once as JSON, which every client needs.',
    ],
    rows: found.map(({ steps, p50, p95, json }) => ({
      'session length': steps.length,
      'p50 ms': p50,
      'p95 ms': p95,
      'p50 / first': p50 / first,
      'request as JSON, ms': json,
    })),
    bounds: [
      { what: 'median CPU of a step at any length, in ms', found: Math.max(...found.map(({ p50 }) => p50)), atMost: 1 },
      {
        what: 'CPU of a step of the longest session / writing its request as JSON',
        found: longest ? longest.p50 / longest.json : Number.NaN,
        atMost: 0.25,
      },
    ],
  };
};
