import { setTimeout } from 'node:timers/promises';
import type { Job } from '../../../lib/job/job.ts';
import { costOf } from '../../../lib/run/outcome.ts';
import { existingRun, type Run, runId } from '../../../lib/run/run.ts';
import type { Slot } from '../../../lib/schedule/slot.ts';
import type { Client } from '../client/client.ts';
import { findJobAt } from '../client/find-job.ts';
import { mustBeDeclared, readDeclared } from '../client/job-files.ts';
import { reading, running, untilInterrupted } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { runJson } from '../contract/run.ts';
import { exitCodes } from '../print/exit.ts';
import { cost, counted, duration } from '../print/format.ts';
import { type Line, toned } from '../print/line.ts';
import { json } from '../print/sanitize.ts';
import { localText } from '../print/time.ts';
import { type Asked, type BackfillPlan, backfillPlan } from './backfill-plan.ts';
import { concurrently } from './concurrently.ts';
import type { Outputs } from './follow-run.ts';
import { experienceText } from './forecast.ts';

export type BackfillOptions = Target & Asked & { infra: string; max: number; dryRun?: boolean; json?: boolean };

/** Runs as they end: those that have, those that are at work, and how many there are to be in all. */
type Progress = { ended: Run[]; atWork: Set<string>; all: number };

type Task = { slot: Slot; suffix: string };

const failedOf = ({ ended }: Progress): Run[] => ended.filter(({ outcome }) => outcome?.status !== 'succeeded');

const bars = { succeeded: ['good', '✓'], failed: ['bad', '✗'], skipped: ['warn', '–'], missed: ['bad', '✗'] } as const;

const endLine = (run: Run, { ended, all }: Progress): Line[] => {
  const { outcome, slot, job } = run;
  if (!outcome) return [];
  const [tone, sign] = bars[outcome.status];
  const why =
    outcome.status === 'failed' ? ` ${outcome.failure}` : outcome.status === 'skipped' ? ` ${outcome.why}` : '';
  const took = duration(Date.parse(outcome.endedAt) - Date.parse(run.startedAt));
  const number = `${String(ended.length).padStart(String(all).length)} of ${all}`;
  const when = localText(slot, job.schedule.timezone);
  return [
    {
      key: run.id,
      whole: true,
      segments: [
        `${number}  `,
        toned(tone, `${sign} ${outcome.status}${why}`),
        `  ${when}  ${took}  ${cost(costOf(outcome))}`,
        toned('dim', `  ${run.id}`),
      ],
    },
  ];
};

const doing = (progress: Progress): string => {
  const failed = failedOf(progress).length;
  return `${progress.atWork.size} running, ${progress.ended.length} of ${progress.all} ended, ${failed} failed`;
};

/** Waits for a run's outcome. Rejects when the signal aborts; the run goes on. */
const endOf = async (id: string, { stores, restMs }: Client, signal: AbortSignal): Promise<Run> => {
  for (;;) {
    const run = await existingRun(id, stores.runs);
    if (run.outcome) return run;
    await setTimeout(restMs, undefined, { signal });
  }
};

/** Starts the remaining runs and waits for all, also for those of an earlier backfill. Returns whether a signal ended the waiting. */
const runSlots = (job: Job, { left }: BackfillPlan, max: number, { stage, progress, out }: Work): Promise<boolean> =>
  untilInterrupted(async (signal) => {
    const tasks: (Task | Run)[] = [...left.going, ...left.todo];
    const work = async (task: Task | Run) => {
      signal.throwIfAborted();
      const id = 'id' in task ? task.id : runId({ job: job.name, ...task });
      if (!('id' in task)) await stage.dispatch({ job: job.name, slot: task.slot, suffix: task.suffix });
      progress.atWork.add(id);
      const run = await endOf(id, stage, signal);
      progress.atWork.delete(id);
      progress.ended.push(run);
      out.progress.print(endLine(run, progress));
    };
    out.progress.show(() => doing(progress));
    try {
      await concurrently(tasks, max, work);
      return false;
    } catch (thrown) {
      if (signal.aborted) return true;
      out.progress.say(`Stopped at ${doing(progress)}; what runs goes on. Start it again to go on from there.`);
      throw thrown;
    } finally {
      out.progress.show();
    }
  });

type Work = { stage: Client; progress: Progress; out: Outputs };

const minuteOf = (instant: Date): Date => new Date(Math.floor(instant.getTime() / 60_000) * 60_000);

/** The sentences before a backfill: its slots, its runs and their possible cost. */
const announcement = (job: Job, { from, to, slots, left, known }: BackfillPlan, max: number): string[] => {
  const zone = job.schedule.timezone;
  const { todo, going, done, excluded, busy } = left;
  const beside = [
    [done, 'has', 'have', 'succeeded'],
    [excluded, 'is', 'are', 'skipped by the calendar'],
    [busy, 'has', 'have', 'a run that is still open'],
    [going.length, 'is', 'are', 'being backfilled already'],
  ] as const;
  const others = beside.flatMap(([number, one, many, what]) =>
    number > 0 ? [`${number} ${number === 1 ? one : many} ${what}`] : [],
  );
  const each = known?.usd;
  const sum = each && todo.length > 0 ? `About ${cost(each.mean * todo.length)} in all. ` : '';
  return [
    `${job.name}: ${counted(slots, 'slot')} from ${localText(from, zone)} to ${localText(minuteOf(to), zone)} ${zone}${others.length > 0 ? `; ${others.join(', ')}` : ''}.`,
    ...(todo.length > 0
      ? [`${counted(todo.length, 'run')}, at most ${max} at a time. ${sum}A run: ${experienceText(known)}.`]
      : []),
  ];
};

const forPrograms = (
  job: Job,
  { from, to, slots, left, known }: BackfillPlan,
  progress: Progress,
  stopped: boolean,
): CommandJson['backfill'] => ({
  job: job.name,
  from: from.toJSON(),
  to: to.toJSON(),
  slotCount: slots,
  doneCount: left.done,
  excludedCount: left.excluded,
  busyCount: left.busy,
  todo: left.todo.map(({ slot }) => slot),
  expectedUsd: known?.usd ? known.usd.mean * left.todo.length : null,
  stopped,
  failedCount: failedOf(progress).length,
  open: [...progress.atWork],
  runs: progress.ended.map(runJson),
});

const conclusion = (progress: Progress, stopped: boolean): string => {
  const { ended, atWork, all } = progress;
  const failed = failedOf(progress).length;
  const ends = `${ended.length} of ${counted(all, 'run')} ended, ${failed} failed`;
  if (stopped) {
    const going = atWork.size > 0 ? `; ${[...atWork].join(', ')} ${atWork.size > 1 ? 'go' : 'goes'} on` : '';
    return `\nStopped: ${ends}${going}. The same command goes on from there.`;
  }
  return failed > 0 ? `\n${ends}. The same command tries those again.` : `\n${ends}.`;
};

/**
 * Runs a job for each past slot of a range without a success, several at a time. It first prints the possible cost. The same command goes on where
 * a stopped one was. Resolves to 1 if a run failed. Throws UnknownJob, InvalidSlot, InvalidEvent before it starts anything.
 */
export const backfill = async (name: string, options: BackfillOptions, out: Outputs): Promise<number> => {
  const declared = await readDeclared(options.infra);
  if (options.stage === undefined) mustBeDeclared(name, declared);
  const { job } = await findJobAt(name, options);
  const ask = (stage?: Client) => backfillPlan(job, options, new Date(), stage?.stores);
  const planned = (await reading(options, ask)) ?? (await ask());
  const { todo, going } = planned.left;
  for (const sentence of announcement(job, planned, options.max)) out.progress.say(sentence);
  const progress: Progress = { ended: [], atWork: new Set(), all: todo.length + going.length };
  const nothing = options.dryRun || progress.all === 0;
  const stopped = nothing
    ? false
    : await running(options, declared, out.progress, (stage) =>
        runSlots(job, planned, options.max, { stage, progress, out }),
      );
  if (options.json) out.answer.say(json(forPrograms(job, planned, progress, stopped)));
  else if (nothing) out.progress.say(options.dryRun ? 'Nothing was started.' : 'There is nothing to do.');
  else out.progress.say(conclusion(progress, stopped));
  if (stopped) return exitCodes.stopped;
  return failedOf(progress).length > 0 ? exitCodes.failed : exitCodes.succeeded;
};
