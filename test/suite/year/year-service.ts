import type { FailureName } from '../../../lib/failure.ts';
import type { Job } from '../../../lib/job/job.ts';
import { type DispatchEvent, dispatch } from '../../../lib/lifecycle/dispatch.ts';
import { type Death, SettleInput, settle } from '../../../lib/lifecycle/settle.ts';
import { changeState } from '../../../lib/policy/job-state.ts';
import { paused, resumed } from '../../../lib/policy/pause.ts';
import { firstInput } from '../../../lib/run/execution.ts';
import { runName } from '../../../lib/run/run.ts';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { noUsage } from '../../../lib/usage.ts';
import type { DeployedSchedule } from '../../../lib/watch/deployed-schedule.ts';
import { type WatchDeps, watch } from '../../../lib/watch/watchman.ts';
import { DAY, HOUR, MINUTE } from '../../kit/calendar-oracle.ts';
import { deploymentOf } from '../../kit/deployment.ts';
import type { Random } from '../../kit/random.ts';
import { type Agenda, agenda } from './agenda.ts';
import type { Met } from './almanac.ts';
import { dying } from './dying-process.ts';
import { type Execution, machine } from './year-executions.ts';
import { declaredAt, deployedAt, during, type Era, type Plan } from './year-plan.ts';
import { yearStores } from './year-stores.ts';

/** The number of events and faults by name. */
export type Tally = Record<string, number>;

export type World = Awaited<ReturnType<typeof openWorld>>;

const iso = (at: number): string => new Date(at).toJSON();

/** Simulates everything around the product: Scheduler, Lambda's asynchronous retries, Step Functions, the model and operators. */
export const openWorld = async (plan: Plan, chance: Random) => {
  const clock: Agenda = agenda(plan.span.from);
  const tally: Tally = {};
  const count = (what: string): void => {
    tally[what] = (tally[what] ?? 0) + 1;
  };
  const now = () => new Date(clock.now());
  let tokens = 0;
  const { calls, ...stores } = await yearStores(now, () => `t${tokens++}`);
  /** The spans in which each run worked. */
  const work: { run: string; from: number; to: number }[] = [];

  const breaksDown = (): boolean => during(plan.breakdowns, clock.now());
  const declared = (name: string): Job | undefined => declaredAt(plan.eras.get(name) ?? [], clock.now());

  const deployedSchedule = (name: string): DeployedSchedule | undefined => {
    const eras = plan.eras.get(name) ?? [];
    const era = deployedAt(eras, clock.now());
    if (!era?.job.enabled || hasFired(era)) return undefined;
    // A disabled job has no schedule, so the next enabled era creates one.
    const made = eras.findLast(({ from, job }, at) => from <= era.from && job.enabled && !eras[at - 1]?.job.enabled);
    return deploymentOf(era.job, iso(era.deployedAt), { createdAt: iso(made?.deployedAt ?? era.deployedAt) });
  };
  /** Eras whose one-time schedule was removed. */
  const fired = new Set<Era>();
  const hasFired = (era: Era): boolean => fired.has(era);
  const retire = (name: string): void => {
    const era = deployedAt(plan.eras.get(name) ?? [], clock.now());
    if (era) fired.add(era);
    count('one-time schedule removed');
  };

  const deps = (): WatchDeps & { jobs(name: string): Promise<Job | undefined> } => ({
    stores,
    executions: sfn.executions,
    schedules: { get: async ({ name }) => deployedSchedule(name), remove: async ({ name }) => retire(name) },
    jobs: async (name) => declared(name),
    now,
    observer: {
      runRecorded: (run) => count(`recorded ${run.outcome?.status ?? 'started'}`),
      runSettled: (run) => count(`settled ${run.outcome.status}`),
      breakerOpened: () => count('breaker opened'),
      jobChecked: (_, { mended, drift, stale }) => {
        for (const { was } of mended) count(`mended ${was}`);
        if (drift.length > 0) count('drift seen');
        if (stale) count('stale seen');
      },
      jobCheckFailed: () => count('job check failed'),
      allJobsChecked() {},
    },
  });

  /** The ports of a new process, which dies at a random call in 0.6 % of the cases. */
  const process_ = () => {
    if (!chance.happens(0.006)) return deps();
    count('process killed');
    return dying(deps(), chance.between(1, 6), chance.happens(0.5));
  };

  /** Lambda's asynchronous invocation: one try and two retries. */
  const deliver = async (event: DispatchEvent, tries = 0): Promise<void> => {
    try {
      if (breaksDown()) throw new Error('the simulated service is down');
      const { status } = await dispatch(event, process_());
      count(`dispatch ${status}`);
    } catch {
      if (tries < 2) clock.add(clock.now() + MINUTE * (tries + 1), () => deliver(event, tries + 1));
      else count('delivery given up');
    }
  };

  const failingNow = (run: string): boolean => during(plan.failing.get(runName(run).job) ?? [], clock.now());

  const usage = () => ({ ...noUsage, inputTokens: 1000, outputTokens: 100, usd: chance.between(1, 40) / 1000 });

  const resultOf = (run: string) => {
    if (chance.happens(failingNow(run) ? 0.05 : 0.98)) return { status: 'done', steps: 1, usage: usage() };
    const failure: FailureName = chance.one(['ModelUnavailable', 'Unauthorized', 'StepLimit']);
    return { status: 'give-up', failure, message: 'a simulated failure', spent: usage() };
  };

  const settling = async (run: string, input: unknown, tries = 0): Promise<boolean> => {
    try {
      if (breaksDown()) throw new Error('the simulated service is down');
      await settle({ ended: SettleInput.parse(input) }, process_());
      return true;
    } catch {
      if (tries >= 6) return false;
      clock.add(clock.now() + 2 ** tries * 2000, async () => finished(run, await settling(run, input, tries + 1)));
      return true;
    }
  };
  const finished = (run: string, good: boolean): void => {
    if (!good) die(run);
    else sfn.end(run, 'SUCCEEDED');
  };

  /** Fails the execution. EventBridge's event is lost in half of the cases. */
  const die = (run: string): void => {
    count('execution died');
    sfn.end(run, 'FAILED');
    if (chance.happens(0.5)) clock.add(clock.now() + 1000, () => void settleDeath({ runId: run, status: 'FAILED' }));
    else count('its event was lost');
  };
  const settleDeath = async (died: Death): Promise<void> => {
    await settle({ died }, process_()).catch(() => count('event given up'));
  };
  const aborted = ({ run, error }: Execution): void => {
    if (chance.happens(0.8)) clock.add(clock.now() + 1000, () => settleDeath({ runId: run, status: 'ABORTED', error }));
  };

  const minutes = (): number => {
    if (chance.happens(0.03)) return chance.between(70, 300);
    return chance.between(1, 6);
  };

  /** Starts the work of an execution, or settles it if its run has ended meanwhile. */
  const begun = async (id: string): Promise<void> => {
    const run = await stores.runs.get(id);
    if (run?.outcome) return finished(id, await settling(id, { ...firstInput(id), result: resultOf(id) }));
    const from = clock.now();
    if (chance.happens(0.001)) return count('execution hangs');
    const to = from + minutes() * MINUTE;
    work.push({ run: id, from, to });
    clock.add(to, async () => {
      if (!sfn.isRunning(id)) return;
      if (chance.happens(0.004)) return die(id);
      finished(id, await settling(id, { ...firstInput(id), result: resultOf(id) }));
    });
  };
  const sfn = machine(clock, begun, aborted);

  /** Delivers one slot of a schedule, or loses it. */
  const fire = (era: Era, { slot }: Met): void => {
    const due = Date.parse(slot);
    const event: DispatchEvent = { job: era.job.name, slot };
    const lost = during(plan.outages, due) ? 'slot not fired in an outage' : chance.happens(0.01) && 'delivery lost';
    if (lost) count(lost);
    else delivered(event, due);
  };

  /** Delivers a slot within a minute or much later, once or more often. */
  const delivered = (event: DispatchEvent, due: number): void => {
    const late = chance.happens(0.02);
    if (late) count('delivery late');
    const at = due + (late ? chance.between(MINUTE, 20 * HOUR) : chance.between(0, 59_000));
    clock.add(at, () => deliver(event));
    if (chance.happens(0.02)) {
      count('delivered twice');
      clock.add(due + chance.between(0, 3 * HOUR), () => deliver(event));
    }
    if (chance.happens(0.01)) {
      count('delivered twice at once');
      clock.add(at, async () => void (await Promise.all([deliver(event), deliver(event)])));
    }
  };

  const wakeWatchman = async (): Promise<void> => {
    if (during(plan.absences, clock.now()) || breaksDown()) return count('watchman absent');
    const jobs = [...plan.eras.keys()].flatMap((name) => declared(name) ?? []);
    count('watchman ran');
    await watch(jobs, process_()).catch(() => count('watchman failed'));
  };

  const planOperators = (): void => {
    for (const { job, from, to, byItself } of plan.pauses) {
      const until = byItself ? iso(to) : null;
      clock.add(from, async () => {
        count('paused');
        const pause = { by: 'an operator', since: iso(clock.now()), until, note: 'for the year' };
        await changeState(job, ({ pauses }) => ({ pauses: paused(pauses, pause) }), stores.states);
      });
      if (!byItself)
        clock.add(to, async () => {
          await changeState(job, ({ pauses }) => ({ pauses: resumed(pauses, now()) }), stores.states);
        });
    }
    for (let each = 0; each < 100; each++) {
      const at = chance.between(plan.span.from + DAY, plan.span.to - DAY);
      const names = [...plan.eras.keys()];
      const job = names[chance.between(0, names.length - 1)] ?? '';
      clock.add(at, () => deliver({ job, slot: slotAt(new Date(at)), suffix: 'manual' }));
    }
  };

  return { clock, tally, stores, calls, work, sfn, fire, wakeWatchman, planOperators, declared };
};
