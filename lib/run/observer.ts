import type { Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import type { Slot } from '../schedule/slot.ts';
import type { Attempt, AttemptInput } from './attempt.ts';
import type { EndedRun, Run } from './run.ts';
import type { Step } from './step.ts';

/** A breaker that opened: after how many failed runs in a row, and when the next run may start as its probe. */
export type BreakerOpening = { failuresInARow: number; nextProbeAt: string };

/**
 * An open run that the watchman repaired. `stuck`: past its lease, so it was ended. `dead`: its execution had ended, so it was settled. `idle`: it had
 * no execution, so it was started. `lost`: it has a lease and no run item.
 */
export type Repair = { run: string; was: 'stuck' | 'dead' | 'idle' | 'lost' };

/** What the watchman found at one job. Empty lists and `stale: false` mean that all is well. */
export type Finding = {
  /** Slots recorded as missed. */
  missed: Slot[];
  /** A time, both ends inclusive, of which every slot without a run was recorded as missed at once. */
  closed: { from: Slot; to: Slot } | undefined;
  /** Slots recorded as caught up by a later run. */
  covered: Slot[];
  /** Slots whose runs were started, or queued. */
  started: Slot[];
  /** The first slot that is still undecided. The next check begins there. */
  left: Slot | undefined;
  mended: Repair[];
  /** How the deployed schedule differs from the job file, in words. */
  drift: string[];
  /** Whether no run of today has succeeded by the job's `freshBy`. */
  stale: boolean;
};

/**
 * Receives each event after it happened, for logs and metrics. Implementations must not throw. Each word takes the methods it calls:
 * `Pick<Observer, 'runSettled'>`.
 */
export type Observer = {
  /** The caller recorded this run. Of several deliveries of one slot, exactly one reports it. */
  runRecorded(run: Run): void;
  /** The caller recorded the outcome of a run that was recorded before. */
  runSettled(run: EndedRun): void;
  /** The caller opened the job's breaker, or opened it again after this run, its probe, failed. */
  breakerOpened(run: Run, opening: BreakerOpening): void;
  /** The step was committed. */
  stepCommitted(run: Run, attempt: number, step: Step): void;
  /** The model's request leaves something out, or differs from what was asked: a sentence of the provider's adapter. */
  modelWarned(run: Run, warning: string): void;
  /** The attempt returns this failure to the state machine. */
  attemptFailed(input: AttemptInput, failure: Failure): void;
  /** Triage closed the failed attempt. */
  attemptClosed(run: Run, attempt: Attempt): void;
  /** The watchman checked the job. */
  jobChecked(job: Job, finding: Finding): void;
  /** The watchman could not check the job. */
  jobCheckFailed(job: Job, failure: Failure): void;
  /** The watchman checked every job without a failure. */
  allJobsChecked(): void;
};
