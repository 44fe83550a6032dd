import type { Stores } from '../../../lib/io/store/stores.ts';
import { Job } from '../../../lib/job/job.ts';
import type { DispatchEvent } from '../../../lib/lifecycle/dispatch.ts';
import { paused, resumed } from '../../../lib/policy/pause.ts';
import { hasRun } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { random as seededRandom } from '../../kit/random.ts';
import { type Gates, gates } from './gates.ts';
import { type Service, serviceOf } from './played-service.ts';

export const overlaps = ['skip', 'queue-one', 'allow', 'cancel-previous'] as const;
type Overlap = (typeof overlaps)[number];

const base = Date.parse('2026-11-22T07:00:00Z');
const slotOf = (n: number) => slotAt(new Date(base + n * 60_000));
/** Longer than every lease of the played jobs. */
const longMs = 3 * 3_600_000;

/** A planned event of the service. */
type Happening = { at: number; does(service: Service): Promise<void> };

const jobOf = (name: string, overlap: Overlap, random: () => number): Job => {
  const limits = {
    seconds: 60,
    ...(random() < 0.3 && { perDay: { runs: 3 } }),
    ...(random() < 0.2 && { perDay: { usd: 0.004 } }),
  };
  return Job.parse({
    name,
    schedule: { rate: '1 minute', timezone: 'Europe/Amsterdam' },
    model: 'scripted/any',
    prompt: 'Pay.',
    limits,
    retry: { attempts: 2 },
    overlap,
    breaker: { failures: random() < 0.5 ? 2 : 0, firstDelaySeconds: 90 },
  });
};

const slots = 5;

const delivered = (random: () => number): Happening[] =>
  Array.from({ length: slots }, (_, n) => n).flatMap((n) =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, (_, copy): Happening => {
      const origin = copy > 0 && random() < 0.5 ? 'watchman' : 'schedule';
      const event: Omit<DispatchEvent, 'job'> = { slot: slotOf(n), origin };
      return {
        at: base + n * 60_000 + Math.floor(random() * (copy === 0 ? 60_000 : 180_000)),
        does: ({ deliver }) => deliver(event),
      };
    }),
  );

const byOperators = (random: () => number): Happening[] => {
  const some = (odds: number, does: Happening['does']): Happening[] =>
    random() < odds ? [{ at: base + Math.floor(random() * slots * 60_000), does }] : [];
  const pauses = some(0.3, ({ change }) =>
    change('pause', ({ pauses: before, ...state }) => ({
      pauses: paused(before, { by: 'ana', since: slotOf(state.version % slots), until: null, note: '' }),
    })),
  );
  const resumes = pauses.map(({ at }) => ({
    at: at + 70_000,
    does: ({ change }: Service) =>
      change('resume', ({ pauses: before }) => ({ pauses: resumed(before, new Date(at + 70_000)) })),
  }));
  return [
    ...pauses,
    ...resumes,
    ...some(0.3, ({ deliver }) => deliver({ slot: slotOf(1), suffix: 'by-hand' })),
    ...some(0.4, ({ reconcile }) => reconcile()),
    ...some(0.2, async ({ die, executions }) => die([...executions.keys()].at(-1) ?? '')),
  ];
};

type Play = { random: () => number; time: { now: Date }; gate: Gates; service: Service };

const fateOf = (random: () => number) => {
  const drawn = random();
  return drawn < 0.025 ? 'before' : drawn < 0.05 ? 'after' : 'well';
};

/** Plays all events and waiting calls in a random order. */
const storm = async ({ random, time, gate, service }: Play): Promise<void> => {
  const coming = [...delivered(random), ...byOperators(random)].sort((a, b) => a.at - b.at);
  while (coming.length > 0 || gate.waiting().length > 0) {
    const count = gate.waiting().length;
    const next = coming[0];
    if (next && (count === 0 || (next.at <= time.now.getTime() && random() < 0.5))) {
      coming.shift();
      time.now = new Date(Math.max(time.now.getTime(), next.at));
      await next.does(service);
    } else {
      time.now = new Date(time.now.getTime() + Math.floor(random() * 6_000));
      await gate.pass(Math.floor(random() * count), fateOf(random));
    }
    if (random() < 0.004) await stall({ random, time, gate, service });
  }
};

/** Lets hours pass. Kills every waiting process except executions, whose attempts may still be at work. */
const stall = async ({ time, gate }: Play): Promise<void> => {
  for (let at = gate.waiting().length - 1; at >= 0; at--)
    if (!gate.waiting()[at]?.actor.startsWith('execution')) await gate.pass(at, 'before');
  time.now = new Date(time.now.getTime() + longMs);
};

const drain = async ({ gate }: Play): Promise<void> => {
  while (gate.waiting().length > 0) await gate.pass(0, 'well');
};

/** The slots without an outcome. */
const unsettled = ({ seen }: Service, job: string): string[] =>
  Array.from({ length: slots }, (_, n) => slotOf(n)).filter(
    (slot) => !seen.runs.get(`${job}_${slot.replaceAll(/[-:]/g, '')}`)?.outcome,
  );

/** Delivers lost slots again and reconciles until no work is left. Returns whether that was reached. */
const calm = async (play: Play, job: string): Promise<boolean> => {
  const { service, time } = play;
  for (let round = 0; round < 30; round++) {
    await drain(play);
    const { state } = service.seen;
    const isOver = unsettled(service, job).length === 0 && state?.open.length === 0 && state.queued === null;
    if (isOver) return true;
    time.now = new Date(time.now.getTime() + (round % 4 === 3 ? longMs : 300_000));
    for (const slot of unsettled(service, job)) await service.deliver({ slot, origin: 'watchman' });
    await drain(play);
    await service.reconcile();
  }
  return false;
};

/** Whether no run's effects lie between the effects of another run. */
const contiguous = (paid: Service['paid']): boolean => {
  const order = [...paid].sort((a, b) => a.at - b.at).map(({ run }) => run);
  const blocks = order.filter((run, at) => run !== order[at - 1]);
  return new Set(blocks).size === blocks.length;
};

const streakOf = (ended: Run[]): number =>
  ended.reduce((streak, { outcome }) => {
    if (outcome?.status === 'succeeded') return Math.max(0, streak) + 1;
    const neutral = outcome?.status !== 'failed' || ['Superseded', 'ExecutionAborted'].includes(outcome.failure);
    return neutral ? streak : Math.min(0, streak) - 1;
  }, 0);

/** Checks the promises after the last call and returns the broken ones. */
const judge = (service: Service, exclusive: boolean, stored: Run[]): string[] => {
  const { seen, paid, executions } = service;
  const { state, accounted } = seen;
  const broken = [...seen.broken];
  const must = (holds: boolean, what: string): void => void (holds || broken.push(what));
  const runs = [...seen.runs.values()];
  const scheduled = runs.filter(({ suffix }) => suffix === undefined);
  const ids = accounted.map(({ run }) => run);
  const usd = runs.reduce((sum, { outcome }) => sum + (outcome?.usage.usd ?? 0), 0);
  const ran = scheduled.filter(({ outcome }) => hasRun(outcome)).length + seen.lost;
  const successes = runs.filter(({ outcome }) => outcome?.status === 'succeeded').map(({ slot }) => slot);
  const counted = accounted.flatMap(({ run, holds }) => (holds ? (seen.runs.get(run) ?? []) : []));
  must(scheduled.length === slots, `${slots} slots have ${scheduled.length} runs`);
  must(stored.length === runs.length, 'the stored runs differ from the runs that were put');
  must(new Set(ids).size === ids.length, `a run was counted twice: ${ids}`);
  for (const run of executions.keys()) must(ids.includes(run), `${run} was not counted`);
  must(
    Math.abs((state?.spent.day.usd ?? 0) - usd) < 1e-9,
    `the state counts ${state?.spent.day.usd} USD, expected ${usd}`,
  );
  must(state?.spent.day.runs === ran, `the state counts ${state?.spent.day.runs} runs, expected ${ran}`);
  must(
    state?.streak === streakOf(counted),
    `the state counts a streak of ${state?.streak}, expected ${streakOf(counted)}`,
  );
  must(
    state?.lastSuccess === (successes.sort().at(-1) ?? null),
    `the state has ${state?.lastSuccess} as the last success`,
  );
  const skipped = new Set(runs.filter(({ outcome }) => !hasRun(outcome)).map(({ id }) => id));
  must(!paid.some(({ run }) => skipped.has(run)), 'a skipped run made an effect');
  const held = paid.filter(({ run }) => seen.runs.get(run)?.suffix === undefined);
  must(
    !exclusive || contiguous(held),
    `two runs worked at the same time: ${held.map(({ run, at }) => `${run}@${at}`)}`,
  );
  return broken;
};

export type Played = { broken: string[]; trace: string[] };

/** Plays one job with one seed and returns the broken promises and the trace. A seed has the same trace on every kind of store. */
export const play = async (seed: number, overlap: Overlap, stores: Stores, time: { now: Date }): Promise<Played> => {
  const random = seededRandom(seed);
  time.now = new Date(base);
  const gate = gates();
  const job = jobOf(`${overlap}-${seed}`, overlap, random);
  const bad = new Set(
    Array.from({ length: slots }, (_, n) => n)
      .filter(() => random() < 0.35)
      .map(slotOf),
  );
  const service = serviceOf(job, stores, time, gate, (run) => bad.has(service.seen.runs.get(run)?.slot ?? ''));
  const all: Play = { random, time, gate, service };
  await storm(all);
  const broken = (await calm(all, job.name))
    ? []
    : [`work is left after 30 rounds: ${JSON.stringify(service.seen.state)}`];
  broken.push(...judge(service, overlap !== 'allow', await stores.runs.byJob(job.name, { limit: 100 })));
  return { broken, trace: gate.trace };
};
