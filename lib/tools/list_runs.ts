import * as z from 'zod';
import { tool } from '../agent/tool.ts';
import { costOf, hasRun } from '../run/outcome.ts';
import { type Run, runStatus } from '../run/run.ts';
import { addUsage, noUsage, tokens, type Usage } from '../usage.ts';

const Input = z.strictObject({
  job: z.string().optional().describe('The name of one job. Default: every job.'),
  days: z.int().min(1).max(90).default(7).describe('How many days to look back.'),
  limit: z.int().min(1).max(100).default(20).describe('Maximum number of runs, the newest first.'),
});

const usageOf = (run: Run): Usage => run.outcome?.usage ?? noUsage;

const summaryOf = (run: Run) => {
  const { outcome } = run;
  return {
    run: run.id,
    job: run.job.name,
    slot: run.slot,
    status: runStatus(run),
    ...(outcome?.status === 'failed' ? { failure: outcome.failure } : {}),
    ...(outcome?.status === 'skipped' ? { why: outcome.why } : {}),
    ...(hasRun(outcome) && outcome.effects?.first ? { effects: outcome.effects } : {}),
    attempts: hasRun(outcome) ? outcome.attempts : null,
    tokens: outcome ? tokens(outcome.usage) : null,
    usd: outcome ? costOf(outcome) : null,
    startedAt: run.startedAt,
    endedAt: outcome?.endedAt ?? null,
  };
};

const totals = (runs: Run[]) => {
  const usage = runs.map(usageOf).reduce(addUsage, noUsage);
  const count = (status: string) => runs.filter((run) => runStatus(run) === status).length;
  return {
    runs: runs.length,
    succeeded: count('succeeded'),
    failed: count('failed'),
    skipped: count('skipped'),
    missed: count('missed'),
    open: count('open'),
    tokens: tokens(usage),
    usd: usage.usd,
  };
};

/** Lists recent runs with their outcome and cost. */
export default tool({
  description:
    "Lists this service's own runs, newest slot first, as {totals, runs}. A run's `status` is open, succeeded, failed (with " +
    '`failure`), skipped (with `why`) or missed. `effects` counts its calls that change the world, if one of them is not done. ' +
    '`usd` is the cost, null if it is not known or the run is still open; ' +
    'totals cover the listed runs that have ended.',
  input: Input,
  effect: 'none',
  run: async ({ job, days, limit }, { pastRuns }) => {
    const runs = await pastRuns.runs({ ...(job === undefined ? {} : { job }), days, limit });
    return { totals: totals(runs), runs: runs.map(summaryOf) };
  },
});
