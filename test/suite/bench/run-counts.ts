import { Job } from '../../../lib/job/job.ts';
import { watch } from '../../../lib/watch/watchman.ts';
import { deploymentOf } from '../../kit/deployment.ts';
import { silent } from '../../kit/observer.ts';
import { stateMachine } from '../../kit/state-machine.ts';
import { unexpected } from '../../kit/unexpected.ts';
import type { StoreCall } from './call-meter.ts';
import { onLocalService } from './counted-store.ts';
import { type LocalEngine, type PlayedRun, playRun } from './play-run.ts';

/** Read and write units, including those of the index. */
type Units = { readUnits: number; writeUnits: number };

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const isPut = ({ action }: StoreCall): boolean => action === 'PutItem';
const unitBytes = 1_024;

/** Write units. The index projects whole items, so an indexed put costs its units twice. */
const indexUnits = ({ indexed, itemBytes }: StoreCall): number => (indexed ? Math.ceil(itemBytes / unitBytes) : 0);

const unitsOf = (calls: StoreCall[]): Units => ({
  readUnits: sum(calls.filter((call) => !isPut(call)).map(({ units }) => units)),
  writeUnits: sum(calls.filter(isPut).map((call) => call.units + indexUnits(call))),
});

/** The bytes that a run leaves: its attempt, its steps, and its run item in the table and in the index. */
const keptBytes = ({ functions }: PlayedRun): number => {
  const puts = functions.flatMap(({ calls }) => calls).filter(isPut);
  const own = puts.filter(({ indexed }) => indexed).at(-1)?.itemBytes ?? 0;
  const attempt = functions.filter(({ name }) => name === 'attempt').flatMap(({ calls }) => calls.filter(isPut));
  return 2 * own + sum(attempt.map(({ itemBytes }) => itemBytes));
};

/** A typical job: a cron, one tool, and defaults for all other fields. */
const jobDue = (name: string, cron: string): Job =>
  Job.parse({
    name,
    schedule: { cron },
    model: 'scripted/bench',
    system: 'You read the service log, page by page, and say what is unusual.',
    prompt: 'It is ${date}. Read the log and report.',
    tools: ['look'],
  });

/** A watchman at a settable time, its checks, and the runs delivered between them. */
const watchmanOf = (on: LocalEngine, job: Job, deployedAt: string, steps: number) => {
  const time = { now: new Date(deployedAt) };
  const deps = {
    stores: on.stores,
    executions: stateMachine().executions,
    schedules: { get: async () => deploymentOf(job, deployedAt), remove: async () => {} },
    now: () => time.now,
    observer: { ...silent, jobCheckFailed: (_: Job, failure: Error) => unexpected(failure) },
  };
  return {
    async look(iso: string): Promise<Units> {
      time.now = new Date(iso);
      const from = on.calls.length;
      await watch([job], deps);
      return unitsOf(on.calls.slice(from));
    },
    async deliver(slot: string): Promise<void> {
      await playRun(on, steps, { job, slot, now: new Date(Date.parse(slot) + 5_000) });
    },
  };
};

/** The units of the watchman's check of one job: with nothing due, hourly, after one delivered slot, and after five. */
const looks = (dir: string, steps: number): Promise<Record<'quiet' | 'hourly' | 'oneSlot' | 'fiveSlots', Units>> =>
  onLocalService(dir, {}, async (on) => {
    const daily = watchmanOf(on, jobDue('bench-daily', '0 7 * * ? *'), '2026-11-22T06:00:00Z', steps);
    await daily.look('2026-11-22T06:30:00Z');
    await daily.deliver('2026-11-22T07:00:00Z');
    const oneSlot = await daily.look('2026-11-22T07:04:00Z');
    const quiet = await daily.look('2026-11-22T07:09:00Z');
    const hourly = await daily.look('2026-11-22T08:09:00Z');
    const minutely = watchmanOf(on, jobDue('bench-minutely', '* * * * ? *'), '2026-11-22T06:59:30Z', steps);
    await minutely.look('2026-11-22T06:59:45Z');
    for (let minute = 0; minute < 8; minute += 1) await minutely.deliver(`2026-11-22T07:0${minute}:00Z`);
    await minutely.look('2026-11-22T07:05:30Z');
    const fiveSlots = await minutely.look('2026-11-22T07:10:30Z');
    return { quiet, hourly, oneSlot, fiveSlots };
  });

/** Counts the AWS requests of one run of `steps` steps and of the watchman's checks, on the real state machine and a store engine. */
export const runCounts = (dir: string, steps: number) =>
  onLocalService(dir, {}, async (on) => {
    const run = await playRun(on, steps, { job: jobDue('bench-run', '0 7 * * ? *') });
    const invocations = Object.fromEntries(
      [...Map.groupBy(run.functions, ({ name }) => name)].map(([name, made]) => [name, made.length]),
    );
    const store = { ...unitsOf(run.functions.flatMap(({ calls }) => calls)), keptBytes: keptBytes(run) };
    return { run: { steps, invocations, states: run.states.length, store }, look: await looks(dir, steps) };
  });
