import type { ModelReply } from '../../../lib/agent/model.ts';
import { Job } from '../../../lib/job/job.ts';
import type { Run } from '../../../lib/run/run.ts';
import { Step } from '../../../lib/run/step.ts';
import { byteLength } from '../../../lib/text.ts';
import type { Usage } from '../../../lib/usage.ts';

/** The bytes of a step's JSON. With its key it makes an item of two write units. */
export const stepBytes = 1_914;

export const at = new Date('2026-11-22T07:00:05Z');
export const slot = '2026-11-22T07:00:00Z';
const usage: Usage = { inputTokens: 900, outputTokens: 60, cacheReadTokens: 800, cacheWriteTokens: 100, usd: 0.0012 };

/** A job with limits that no bench reaches. */
export const sampleJob = (name: string, model: string, tools: string[]): Job =>
  Job.parse({
    name,
    schedule: { rate: '1 day' },
    model,
    system: 'You read the service log, page by page, and say what is unusual.',
    prompt: 'It is ${date}. Read the log and report.',
    tools,
    limits: { steps: 10_000, tokens: 1_000_000_000, usd: 1_000_000, seconds: 14_400 },
  });

/** The run of a job, as dispatch records it. */
export const sampleRun = (job: Job): Run => ({
  id: `${job.name}_20261122T070000Z`,
  slot,
  job,
  startedAt: at.toJSON(),
  outcome: null,
  version: 1,
});

const callParts = (number: number, tool: string, input: Record<string, string>) => [
  { type: 'text' as const, text: `Page ${number} shows nothing unusual so far. The next one may, so let me read on.` },
  { type: 'tool-call' as const, toolCallId: `toolu_01bench${number}`, toolName: tool, input },
];
const pageInput = (number: number) => ({ page: `service-${number}`, filter: 'level >= warn and not acknowledged' });

/** A reply that calls `tool` once, with a page of its own. */
export const callReply = (number: number, tool: string): ModelReply => ({
  content: callParts(number, tool, pageInput(number)),
  finish: 'tool-calls',
  usage,
});

export const finalReply: ModelReply = { content: [{ type: 'text', text: 'All is well.' }], finish: 'stop', usage };

const stepWith = (number: number, tool: string, output: string): Step => ({
  number,
  messages: [
    { role: 'assistant', content: callParts(number, tool, pageInput(number)) },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: `toolu_01bench${number}`,
          toolName: tool,
          output: { type: 'text', value: output },
        },
      ],
    },
  ],
  calls: ['ok'],
  usage,
  startedAt: at.toJSON(),
  modelMs: 1200,
  toolMs: 40,
});

const line = (number: number) => `07:00:05 service-${number} answered 200 in 31 ms, as it does. `;

/** The text of a page, `bytes` long. */
export const page = (number: number, bytes: number): string =>
  line(number)
    .repeat(Math.ceil(bytes / line(number).length))
    .slice(0, bytes);

/** A committed step with exactly `stepBytes` of JSON. */
export const sampleStep = (number: number, tool: string): Step => {
  const bare = byteLength(JSON.stringify(stepWith(number, tool, '')));
  return Step.parse(stepWith(number, tool, page(number, stepBytes - bare)));
};

/** The first `length` steps of a session. */
export const sampleSteps = (length: number, tool: string): Step[] =>
  Array.from({ length }, (_, index) => sampleStep(index + 1, tool));
