import { Failure } from '../../../lib/failure.ts';
import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Job } from '../../../lib/job/job.ts';
import { type DispatchDeps, type DispatchEvent, dispatch } from '../../../lib/lifecycle/dispatch.ts';
import { type Death, type SettleInput, settle } from '../../../lib/lifecycle/settle.ts';
import { type TriageInput, type TriageResult, triage } from '../../../lib/lifecycle/triage.ts';
import { changeState, type JobState } from '../../../lib/policy/job-state.ts';
import type { AttemptInput, AttemptResult } from '../../../lib/run/attempt.ts';
import { type ExecutionInput, type Executions, firstInput } from '../../../lib/run/execution.ts';
import type { Run } from '../../../lib/run/run.ts';
import { reconcile } from '../../../lib/watch/reconcile.ts';
import { scriptedModel, textReply, toolCallReply, tools, work } from '../../kit/agent.ts';
import type { Gates } from './gates.ts';
import { nothingSeen, watched } from './watched-stores.ts';

type Status = 'running' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
/** Tries of a stage. The real state machine retries longer. */
const tries = 5;

/**
 * The service of one job: the real lifecycle, with every process behind gates. Each execution makes attempts with two effects, triage and settle.
 * `paid` lists the effects, each with the last moment at which its process had checked its attempt.
 */
export const serviceOf = (
  job: Job,
  stores: Stores,
  time: { now: Date },
  gate: Gates,
  fails: (run: string) => boolean,
) => {
  const seen = nothingSeen();
  const executions = new Map<string, { status: Status; input: ExecutionInput }>();
  const paid: { run: string; at: number }[] = [];
  const tripped: string[] = [];
  const exclusive = job.overlap !== 'allow';

  const setStatus = (run: string, status: Status): void => {
    const known = executions.get(run);
    if (known?.status === 'running') executions.set(run, { ...known, status });
  };
  const isStopped = (run: string): boolean => executions.get(run)?.status !== 'running';

  const begin = async (run: string, input: ExecutionInput): Promise<'started' | 'exists'> => {
    const known = executions.get(run);
    if (known && JSON.stringify(known.input) !== JSON.stringify(input))
      seen.broken.push(`${run} was started with another input`);
    if (known) return known.status === 'running' ? 'started' : 'exists';
    if (!seen.runs.has(run)) seen.broken.push(`${run} was started before it was recorded`);
    executions.set(run, { status: 'running', input });
    await gate.spawn(`execution ${run}`, (own) => execute(run, own));
    return 'started';
  };

  const end = async (run: string, error: string): Promise<void> => {
    if (isStopped(run)) return;
    setStatus(run, 'ABORTED');
    await settleDeath(run, 'ABORTED', error);
  };

  const executionsOf = (actor: string): Executions => ({
    start: (run, input) => gate.through(actor, `start ${run}`, () => begin(run, input)),
    stop: (run, error) => gate.through(actor, `stop ${run}`, () => end(run, error)),
    status: (run) => gate.through(actor, `status ${run}`, async () => executions.get(run)?.status ?? 'none'),
  });

  /** Checks that the run for which another was skipped had not ended when the skipping process began. */
  const judged = ({ id, outcome }: Run, since: number): void => {
    if (outcome?.status !== 'skipped' || outcome.by === undefined || seen.leaving.has(id)) return;
    const endedAt = seen.endedAt.get(outcome.by) ?? Number.POSITIVE_INFINITY;
    if (endedAt < since) seen.broken.push(`${id} was skipped for ${outcome.by}, which had ended`);
  };

  const depsOf = (actor: string): DispatchDeps => {
    const since = gate.now();
    return {
      stores: watched(stores, actor, gate, seen, exclusive),
      executions: executionsOf(actor),
      jobs: async () => job,
      now: () => time.now,
      observer: {
        runRecorded: (run) => judged(run, since),
        runSettled: (run) => judged(run, since),
        breakerOpened: (run) => tripped.push(run.id),
      },
    };
  };

  const settleDeath = (run: string, status: Death['status'], error?: string) =>
    gate.spawn(`event ${run}`, (own) => settle({ died: { runId: run, status, error } }, depsOf(own)));

  /** Invokes an attempt once, with the real agent loop. */
  const attempted = async (run: Run, attempt: number, actor: string) => {
    const own = watched(stores, actor, gate, seen, exclusive);
    let fence = 0;
    const get: Stores['attempts']['get'] = async (id, number) => {
      const found = await own.attempts.get(id, number);
      fence = gate.now();
      return found;
    };
    const { all } = tools(async () => paid.push({ run: run.id, at: fence }));
    const pay = (to: string) => toolCallReply(['pay', { to }]);
    const model = fails(run.id)
      ? scriptedModel(pay('bob'), new Failure('Unauthorized', 'no key'))
      : scriptedModel(pay('bob'), pay('alice'), textReply('Paid.'));
    const more = { input: { attempt }, tools: all };
    return (await work({ ...own, attempts: { ...own.attempts, get } }, run, model, more)).result;
  };

  /** Retries a stage as the state machine does. Undefined if the execution has ended or every try failed. */
  const retried = async <T>(run: string, stage: () => Promise<T>): Promise<T | undefined> => {
    for (let left = tries; left > 0 && !isStopped(run); left--) {
      try {
        const result = await stage();
        return isStopped(run) ? undefined : result;
      } catch {}
    }
    return undefined;
  };

  const settled = async (input: SettleInput, run: string, actor: string): Promise<void> => {
    const outcome = await retried(run, () => settle({ ended: input }, depsOf(actor)));
    if (isStopped(run)) return;
    const good = outcome?.status === 'succeeded';
    setStatus(run, good ? 'SUCCEEDED' : 'FAILED');
    if (!good) await settleDeath(run, 'FAILED');
  };

  const triaged = (input: AttemptInput, result: AttemptResult, actor: string): Promise<TriageResult | undefined> => {
    const own = watched(stores, actor, gate, seen, exclusive);
    const deps = { stores: own, now: () => time.now, random: () => 0, observer: { attemptClosed() {} } };
    return retried(input.runId, () => triage({ ...input, result } as TriageInput, deps));
  };

  /** Plays the state machine: attempts until one is done or triage gives up, then settle. */
  const execute = async (id: string, actor: string): Promise<void> => {
    const run = seen.runs.get(id);
    let input = firstInput(id);
    while (run) {
      const result = await attempted(run, input.attempt, actor);
      const next = isStopped(id) || result.status === 'done' ? result : await triaged(input, result, actor);
      if (isStopped(id)) return;
      if (next?.status !== 'retry') return settled({ ...input, result: next } as SettleInput, id, actor);
      input = { ...input, attempt: next.attempt, spent: next.spent };
    }
  };

  return {
    seen,
    paid,
    tripped,
    executions,
    deliver: (event: Omit<DispatchEvent, 'job'>) =>
      gate.spawn(`dispatch ${event.slot}`, (actor) => dispatch({ job: job.name, ...event }, depsOf(actor))),
    change: (what: string, change: (state: JobState) => Partial<JobState>) =>
      gate.spawn(what, (actor) => changeState(job.name, change, depsOf(actor).stores.states)),
    reconcile: () => gate.spawn('reconcile', (actor) => reconcile(job, depsOf(actor))),
    /** Fails the execution of a run without an event. */
    die: (run: string) => setStatus(run, 'FAILED'),
  };
};
export type Service = ReturnType<typeof serviceOf>;
