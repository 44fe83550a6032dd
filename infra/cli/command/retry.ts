import { Failure } from '../../../lib/failure.ts';
import { freeSuffix } from '../../../lib/report/backlog.ts';
import { mustBeRunId } from '../../../lib/report/run-history.ts';
import { existingRun, type Run, type Runs } from '../../../lib/run/run.ts';
import { mustBeDeclared, readDeclared } from '../client/job-files.ts';
import { reading, running } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import { hint } from '../client/target.ts';
import { followRun, type Outputs } from './follow-run.ts';

export type RetryOptions = Target & { infra: string; json?: boolean };

/** The ended run to repeat, and the suffix of the new run. Throws UnknownRun, InvalidEvent if the run is open. */
const before = async (id: string, runs: Runs): Promise<{ run: Run; suffix: string }> => {
  const run = await existingRun(id, runs);
  const { slot, outcome } = run;
  if (!outcome) throw new Failure('InvalidEvent', `run ${id} is still open, expected an ended run`);
  const all = await runs.byJob(run.job.name, { from: slot, to: slot, limit: Number.POSITIVE_INFINITY });
  return { run, suffix: freeSuffix('retry', 'retry-1', all) };
};

/**
 * Starts a new run for the slots of an ended run, with the job as it is declared now, and follows it. Throws UnknownRun, UnknownJob, InvalidEvent
 * before it starts anything.
 */
export const retry = async (id: string, options: RetryOptions, usualData: string, out: Outputs): Promise<number> => {
  mustBeRunId(id);
  const found = await reading(options, ({ stores }) => before(id, stores.runs));
  if (!found) throw new Failure('UnknownRun', `there is no run ${id}, and no other in ${options.data}`);
  const { run, suffix } = found;
  const { slot, slots, job } = run;
  const declared = await readDeclared(options.infra);
  if (options.stage === undefined) mustBeDeclared(job.name, declared);
  const event = { job: job.name, slot, suffix, ...(slots && { slots }) };
  const show = (one: string) => hint(`show ${one}`, options, usualData);
  return running(options, declared, out.progress, (stage) =>
    followRun(event, { stage, show, wantsJson: options.json === true, out }),
  );
};
