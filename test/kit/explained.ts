import { type Explanation, explanation } from '../../infra/cli/print/explanation.ts';
import { typedTime } from '../../infra/cli/print/time.ts';
import type { Job } from '../../lib/job/job.ts';
import { freshState, type JobState } from '../../lib/policy/job-state.ts';
import { leaseOf } from '../../lib/policy/lease.ts';
import { type Facts, minutesOf, type Why, why } from '../../lib/report/why.ts';
import { type Outcome, type Skip, skipped } from '../../lib/run/outcome.ts';
import { type Run, runId } from '../../lib/run/run.ts';
import type { Slot } from '../../lib/schedule/slot.ts';
import { noUsage } from '../../lib/usage.ts';

/** A run with this outcome, recorded two seconds after its slot. */
export const runOf = (job: Job, slot: Slot, outcome: Outcome | null, more: Partial<Run> = {}): Run => ({
  id: runId({ job: job.name, slot, suffix: more.suffix }),
  slot,
  job,
  origin: 'schedule',
  startedAt: new Date(Date.parse(slot) + 2000).toJSON(),
  outcome,
  version: 1,
  ...more,
});

/** An outcome four seconds after a slot. */
const endedAt = (slot: Slot): string => new Date(Date.parse(slot) + 4000).toJSON();

export const succeeded = (slot: Slot, usd: number | null = 0.01): Outcome => ({
  status: 'succeeded',
  attempts: 1,
  steps: 1,
  usage: { ...noUsage, inputTokens: 1000, usd },
  endedAt: endedAt(slot),
});

export const failed = (slot: Slot, usd: number | null = 0.01, attempts = 4): Outcome => ({
  status: 'failed',
  failure: 'ModelUnavailable',
  message: 'overloaded',
  attempts,
  usage: { ...noUsage, usd },
  endedAt: endedAt(slot),
});

export const skip = (slot: Slot, why: Skip): Outcome => skipped(why, new Date(endedAt(slot)));

export const missed = (slot: Slot, message: string): Outcome => ({
  status: 'missed',
  message,
  usage: noUsage,
  endedAt: endedAt(slot),
});

/** A state in which these runs are open. */
export const stateWith = (job: Job, open: Run[], more: Partial<JobState> = {}): JobState => ({
  ...freshState(job.name),
  open: open.map((run) => leaseOf(run, new Date(run.startedAt))),
  version: 1,
  ...more,
});

/** Explains a time with `why`. The facts hold only the runs of its minutes; `others` are found by id. */
export const explain = (
  job: Job,
  time: string,
  now: string,
  known: Partial<Omit<Facts, 'job' | 'asked' | 'now'>> & { others?: Run[] } = {},
): { verdict: Why; said: Explanation; text: string } => {
  const { others = [], runs = [], ...more } = known;
  const at = typedTime(time, '<time>', job.schedule.timezone, new Date(now));
  const minutes = minutesOf(at);
  const facts: Facts = {
    job,
    asked: at,
    ranges: [],
    anchor: { at: new Date(0), known: job.schedule.rate === undefined },
    runs: runs.filter(({ slot }) => minutes.some(({ from, to }) => slot >= from && slot <= to)),
    state: undefined,
    checkpoint: undefined,
    now: new Date(now),
    ...more,
  };
  const verdict = why(facts);
  const by = verdict.kind === 'skipped' ? verdict.outcome.by : undefined;
  const said = explanation(verdict, { facts, asked: time, coveredBy: others.find(({ id }) => id === by) });
  return {
    verdict,
    said,
    text: [said.sentence, ...said.evidence.map(([label, text]) => `${label}: ${text}`)].join('\n'),
  };
};
