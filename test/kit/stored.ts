import { Job } from '../../lib/job/job.ts';
import { freshState, type JobState } from '../../lib/policy/job-state.ts';
import type { Attempt } from '../../lib/run/attempt.ts';
import type { Effect } from '../../lib/run/effect.ts';
import { type Run, runId } from '../../lib/run/run.ts';
import type { Step } from '../../lib/run/step.ts';
import { noUsage } from '../../lib/usage.ts';
import type { Checkpoint } from '../../lib/watch/checkpoint.ts';
import type { SlotRange } from '../../lib/watch/slot-range.ts';

export const today = new Date('2026-11-22T07:00:00Z');

let made = 0;
/** A job's name that no other test has. */
export const freshJob = (): string => `job-${String(++made).padStart(3, '0')}`;
/** A run's id that no other test has. */
export const freshRun = (): string => runId({ job: freshJob(), slot: '2026-11-22T07:00:00Z' });

const job = Job.parse({ name: 'any', schedule: { rate: '1 hour' }, model: 'scripted/any', prompt: 'Go.' });

export const runOf = (
  name: string,
  { slot = '2026-11-22T07:00:00Z', suffix, version = 1 }: { slot?: string; suffix?: string; version?: number } = {},
): Run => ({
  id: runId({ job: name, slot, suffix }),
  slot,
  ...(suffix ? { suffix } : {}),
  job: { ...job, name },
  startedAt: slot,
  outcome: null,
  version,
});

export const attemptOf = (id: string, number: number, version = 1): Attempt => ({
  runId: id,
  number,
  startedAt: today.toJSON(),
  failed: null,
  version,
});

export const effectOf = (id: string, key: string, version = 1, more: Partial<Effect> = {}): Effect => ({
  runId: id,
  key,
  tool: 'http_post',
  attempt: 1,
  status: 'pending',
  output: null,
  version,
  ...more,
});

export const stateOf = (name: string, version = 1, more: Partial<JobState> = {}): JobState => ({
  ...freshState(name),
  ...more,
  version,
});

export const checkpointOf = (name: string, version = 1): Checkpoint => ({
  job: name,
  accountedUpTo: '2026-11-22T07:00:00Z',
  lookedAt: '2026-11-22T07:03:00.000Z',
  schedule: { rate: '1 hour', timezone: 'UTC' },
  anchor: { at: '2026-11-22T07:00:00Z', confirmed: false },
  driftSince: null,
  version,
});

export const rangeOf = (name: string, more: Partial<SlotRange> = {}): SlotRange => ({
  job: name,
  from: '2026-11-01T07:00:00Z',
  to: '2026-11-20T07:00:00Z',
  closedAt: '2026-11-22T07:03:00.000Z',
  version: 1,
  ...more,
});

/** A step that calls a tool and holds this text as its answer. */
export const stepOf = (number: number, text = 'ok'): Step => {
  const call = { toolCallId: `call_${number}`, toolName: 'http_get' };
  return {
    number,
    messages: [
      { role: 'assistant', content: [{ type: 'tool-call', ...call, input: { number } }] },
      { role: 'tool', content: [{ type: 'tool-result', ...call, output: { type: 'text', value: text } }] },
    ],
    calls: ['ok'],
    usage: noUsage,
    startedAt: today.toJSON(),
    modelMs: 1,
    toolMs: 1,
  };
};
