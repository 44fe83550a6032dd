import type { Run } from '../../../lib/run/run.ts';
import { localDate } from '../../../lib/schedule/local-date.ts';
import type { Slot } from '../../../lib/schedule/slot.ts';
import type { SlotRange } from '../../../lib/watch/slot-range.ts';
import type { Met } from './almanac.ts';
import { dozing } from './due-slots.ts';
import { during, type Era, monthOf, type Plan } from './year-plan.ts';
import type { World } from './year-service.ts';

/** The recorded runs at the end of the year compared with the expected slots. Every list must be empty. */
export type Verdict = {
  expected: number;
  recorded: number;
  /** Due slots without a run, and runs of slots that were not due. */
  missing: string[];
  surplus: string[];
  /** Slots recorded as disabled before the watchman saw that their job is disabled. */
  dozing: number;
  outcomes: Record<string, number>;
  wrong: string[];
};

const statusOf = ({ outcome }: Run): string => {
  if (!outcome) return 'open';
  return outcome.status === 'skipped' ? `skipped: ${outcome.why}` : outcome.status;
};

/** Pairs of runs that worked at the same time although the policy of their job forbids it. */
const overlaps = (runs: Run[], world: World): string[] => {
  const ids = new Map(runs.filter((run) => run.suffix === undefined).map((run) => [run.id, run]));
  const worked = world.work
    .flatMap((one) => {
      const endedAt = ids.get(one.run)?.outcome?.endedAt;
      return endedAt === undefined ? [] : [{ ...one, to: Math.min(one.to, Date.parse(endedAt)) }];
    })
    .sort((a, b) => a.from - b.from);
  return worked.flatMap((one, at) => {
    const next = worked[at + 1];
    return next && next.from < one.to ? [`${one.run} and ${next.run} worked at the same time`] : [];
  });
};

const ran = ({ outcome }: Run): boolean => outcome?.status === 'succeeded' || outcome?.status === 'failed';

/** Whether a number lies between two others, up to a rounding error. */
const between = (low: number, found: number, high: number): boolean => found > low - 1e-6 && found < high + 1e-6;

/**
 * Compares the spending of the last month in the job's state with its runs. The state must count all runs of the month's slots.
 * It may also count runs of earlier slots that started or ended in the month.
 */
const accounts = async (name: string, runs: Run[], { stores }: World): Promise<string[]> => {
  const state = await stores.states.get(name);
  if (!state) return runs.length > 0 ? [`${name} has runs but no state`] : [];
  const { of, usd, runs: counted } = state.spent.month;
  const own = runs.filter((run) => ran(run) && monthOf(run.slot, run.job) === of);
  const touching = runs.filter(
    (run) =>
      ran(run) && [run.slot, run.startedAt, run.outcome?.endedAt ?? ''].some((at) => monthOf(at, run.job) === of),
  );
  const cost = (those: Run[]) => those.reduce((sum, { outcome }) => sum + (outcome?.usage.usd ?? 0), 0);
  const scheduled = (those: Run[]) => those.filter((run) => run.suffix === undefined).length;
  return [
    ...(between(cost(own), usd, cost(touching))
      ? []
      : [`${name}: the runs of ${of} cost ${cost(own)}, and its state says ${usd}`]),
    ...(between(scheduled(own), counted, scheduled(touching))
      ? []
      : [`${name}: ${of} had ${scheduled(own)} runs, and its state says ${counted}`]),
    ...(state.open.length > 0 ? [`${name}: ${state.open.length} runs are still open in its state`] : []),
    ...(state.queued === null ? [] : [`${name}: ${state.queued} is still queued`]),
  ];
};

/** Slots that another run covers: that run must exist and list the slot. */
const covers = (runs: Run[]): string[] => {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const said = runs.flatMap(({ slots = [] }) => slots.slice(0, -1));
  const twice = said.filter((slot, at) => said.indexOf(slot) !== at);
  return [
    ...twice.map((slot) => `${runs[0]?.job.name}: two runs cover ${slot}`),
    ...runs.flatMap(({ id, slot, outcome }) => {
      if (outcome?.status !== 'skipped' || outcome.why !== 'caught-up') return [];
      const by = byId.get(outcome.by ?? '');
      if (!by) return [`${id} is caught up by ${outcome.by}, which does not exist`];
      return by.outcome?.status === 'skipped' || by.outcome?.status === 'missed' || by.slots?.includes(slot)
        ? []
        : [`${by.id} covers ${slot} and does not list it`];
    }),
  ];
};

const started = (world: World): string[] => {
  const seen = new Set<string>();
  return world.work.flatMap(({ run }) => (seen.size === seen.add(run).size ? [`${run} worked twice`] : []));
};

type Found = Pick<Verdict, 'expected' | 'recorded' | 'missing' | 'surplus' | 'dozing' | 'wrong'> & {
  statuses: string[];
};

/** Slots that the calendar skipped or ran against the almanac's walk through the minutes. */
const calendarSkips = (runs: Run[], met: Met[]): string[] => {
  const folded = new Set(met.filter((one) => one.folded).map(({ slot }) => slot));
  return runs.flatMap((run) => {
    const status = statusOf(run);
    const { schedule } = run.job;
    const excluded = schedule.exclude?.includes(localDate(run.slot, schedule.timezone)) === true;
    const ran = status === 'succeeded' || status === 'failed';
    const isWrong = (skip: string, is: boolean) => (status === `skipped: ${skip}` && !is) || (ran && is);
    return [
      ...(isWrong('fold', folded.has(run.slot)) ? [`${run.id} is ${status}, which the almanac contradicts`] : []),
      ...(isWrong('excluded', excluded)
        ? [`${run.id} is ${status}, and its date is ${excluded ? '' : 'not '}excluded`]
        : []),
    ];
  });
};

type Recorded = { runs: Run[]; ranges: SlotRange[] };

/** Compares the due slots of one job with its runs and with the ranges in which slots without a run are missed. */
const compared = (name: string, eras: Era[], due: Map<Era, Met[]>, { runs, ranges }: Recorded): Found => {
  const slots = new Set<Slot>(eras.flatMap((era) => (due.get(era) ?? []).map(({ slot }) => slot)));
  const drowsy = dozing(eras);
  const isDozing = (run: Run) => statusOf(run) === 'skipped: disabled' && during(drowsy, Date.parse(run.slot));
  const [wanted, others] = [runs.filter(({ slot }) => slots.has(slot)), runs.filter(({ slot }) => !slots.has(slot))];
  const recorded = new Set(wanted.map(({ slot }) => slot));
  const without = [...slots].filter((slot) => !recorded.has(slot));
  const missing = without.filter((slot) => !ranges.some(({ from, to }) => from <= slot && slot <= to));
  const closed = without.length - missing.length;
  return {
    expected: slots.size,
    recorded: wanted.length + closed,
    missing: missing.map((slot) => `${name} ${slot}`),
    surplus: others.filter((run) => !isDozing(run)).map(({ id }) => id),
    dozing: others.filter(isDozing).length,
    wrong: [
      ...wanted.filter(({ outcome }) => outcome === null).map(({ id }) => `${id} has no outcome`),
      ...calendarSkips(
        wanted,
        eras.flatMap((era) => due.get(era) ?? []),
      ),
    ],
    statuses: [...wanted.map(statusOf), ...Array(closed).fill('missed in a range')],
  };
};

export const verdict = async (plan: Plan, due: Map<Era, Met[]>, world: World): Promise<Verdict> => {
  const all: Found[] = [];
  const wrong: string[] = started(world);
  for (const [name, eras] of plan.eras) {
    const runs = await world.stores.runs.byJob(name, { limit: Number.POSITIVE_INFINITY });
    const own = runs.filter((run) => run.suffix === undefined);
    const ranges = await world.stores.ranges.byJob(name, { to: '9', limit: 1000 });
    all.push(compared(name, eras, due, { runs: own, ranges }));
    if (own[0]?.job.overlap !== 'allow') wrong.push(...overlaps(runs, world));
    wrong.push(...(await accounts(name, runs, world)), ...covers(own));
  }
  const sum = (field: 'expected' | 'recorded' | 'dozing') => all.reduce((total, found) => total + found[field], 0);
  const outcomes = Object.groupBy(
    all.flatMap(({ statuses }) => statuses),
    (status) => status,
  );
  return {
    expected: sum('expected'),
    recorded: sum('recorded'),
    dozing: sum('dozing'),
    missing: all.flatMap(({ missing }) => missing),
    surplus: all.flatMap(({ surplus }) => surplus),
    outcomes: Object.fromEntries(Object.entries(outcomes).map(([status, those = []]) => [status, those.length])),
    wrong: [...wrong, ...all.flatMap((found) => found.wrong)],
  };
};
