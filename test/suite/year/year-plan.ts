import type { Job } from '../../../lib/job/job.ts';
import { localDate } from '../../../lib/schedule/local-date.ts';
import { DAY, HOUR, MINUTE } from '../../kit/calendar-oracle.ts';
import type { Random } from '../../kit/random.ts';
import { fleet, rescheduled } from './fleet.ts';

export type Span = { from: number; to: number };
/** A job as declared from `from` on. Its schedule is deployed a moment later, at `deployedAt`. */
export type Era = { job: Job; from: number; deployedAt: number; to: number };
export type Pausing = Span & { job: string; byItself: boolean };

/** The planned events of a year. The faults of single deliveries and runs are random and not planned. */
export type Plan = {
  span: Span;
  /** The eras of each job, in order and without gaps. A disabled job has an era with `enabled: false`. */
  eras: Map<string, Era[]>;
  /** Scheduler fires nothing. */
  outages: Span[];
  /** Dispatch and settle fail. */
  breakdowns: Span[];
  /** The watchman does not run. */
  absences: Span[];
  pauses: Pausing[];
  /** When a job's runs fail. */
  failing: Map<string, Span[]>;
};

const within = ({ from, to }: Span, at: number): boolean => at >= from && at < to;
export const during = (spans: Span[], at: number): boolean => spans.some((span) => within(span, at));

const spans = (count: number, of: Span, low: number, high: number, chance: Random): Span[] =>
  Array.from({ length: count }, () => {
    const from = chance.between(of.from + DAY, of.to - 12 * DAY);
    return { from, to: from + chance.between(low, high) };
  });

/** Rounds down to a whole second, like the dates of deployments. */
const second = (at: number): number => Math.floor(at / 1000) * 1000;

type Change = { at: number; change(job: Job): Job };

/** The eras of a job. No change falls near an absence of the watchman, which would see only the last of several changes. */
const erasOf = (job: Job, changes: Change[], { span, blind }: { span: Span; blind: Span[] }, chance: Random): Era[] => {
  const eras: Era[] = [{ job, from: span.from, deployedAt: span.from, to: span.to }];
  for (const { at, change } of changes.sort((a, b) => a.at - b.at)) {
    const last = eras.at(-1);
    if (!last || at - last.deployedAt < 18 * HOUR || during(blind, at)) continue;
    const deployedAt = second(at + chance.between(0, 3) * MINUTE);
    last.to = deployedAt;
    eras.push({ job: change(last.job), from: at, deployedAt, to: span.to });
  }
  const last = eras.at(-1) ?? eras[0];
  eras.push({ job: { ...(last?.job ?? job), enabled: false }, from: span.to, deployedAt: span.to, to: span.to });
  return eras;
};

/** Twelve deployments. Each moves some jobs to another hour and disables one job for some days. */
const changesOf = (jobs: Job[], span: Span, chance: Random): Map<string, Change[]> => {
  const changes = new Map<string, Change[]>(jobs.map(({ name }) => [name, []]));
  const movable = jobs.filter(({ name }) => /^(daily|workday)/.test(name));
  const sleepers = jobs.filter(({ name }) => /^(daily|workday|six)/.test(name));
  const pick = (from: Job[]) => from[chance.between(0, from.length - 1)]?.name ?? '';
  for (const { from, to } of spans(12, span, 3 * DAY, 9 * DAY, chance)) {
    for (let more = 0; more < 4; more++) {
      const hour = chance.between(0, 23);
      changes.get(pick(movable))?.push({ at: second(from), change: (job) => rescheduled(job, hour) });
    }
    const sleeper = changes.get(pick(sleepers));
    sleeper?.push({ at: second(from), change: (job) => ({ ...job, enabled: false }) });
    sleeper?.push({ at: second(to), change: (job) => ({ ...job, enabled: true }) });
  }
  return changes;
};

/** A month without the watchman, with two days in which nothing is fired, where the year is long enough to have them. */
const longAbsence = (span: Span): { absences: Span[]; outages: Span[] } => {
  const from = span.from + 200 * DAY;
  const to = from + 31 * DAY;
  return to + DAY < span.to
    ? { absences: [{ from, to }], outages: [{ from: from + 9 * DAY, to: from + 11 * DAY }] }
    : { absences: [], outages: [] };
};

const dayStart = (text: string): number => Date.parse(`${text}T00:00:00Z`);

/** Plans the first `days` days of a year for `count` jobs. */
export const planOf = (days: number, count: number, chance: Random): Plan => {
  const from = dayStart('2026-01-01');
  const span = { from, to: from + days * DAY };
  const all = fleet();
  const step = Math.max(1, Math.floor(all.length / count));
  const jobs = all.filter((_, at) => at % step === 0).slice(0, count);
  const changes = changesOf(jobs, span, chance);
  const pauses = spans(30, span, HOUR, 9 * DAY, chance).map((pause) => ({
    ...pause,
    job: jobs[chance.between(0, jobs.length - 1)]?.name ?? '',
    byItself: chance.happens(0.5),
  }));
  const long = longAbsence(span);
  const absences = [...spans(2, span, DAY, 3 * DAY, chance), ...long.absences];
  const blind = absences.map(({ from: left, to: back }) => ({ from: left - 18 * HOUR, to: back + 18 * HOUR }));
  return {
    span,
    eras: new Map(jobs.map((job) => [job.name, erasOf(job, changes.get(job.name) ?? [], { span, blind }, chance)])),
    outages: [...spans(2, span, 5 * HOUR, 14 * HOUR, chance), ...long.outages],
    breakdowns: spans(2, span, HOUR, 4 * HOUR, chance),
    absences,
    pauses,
    failing: new Map(jobs.map(({ name }) => [name, spans(2, span, 2 * DAY, 14 * DAY, chance)])),
  };
};

/** The job as declared at an instant. */
export const declaredAt = (eras: Era[], at: number): Job | undefined => eras.findLast((era) => era.from <= at)?.job;

/** The era whose schedule is deployed at an instant. */
export const deployedAt = (eras: Era[], at: number): Era | undefined => eras.findLast((era) => era.deployedAt <= at);

/** The local month of an instant. */
export const monthOf = (at: string, job: Job): string => localDate(at, job.schedule.timezone).slice(0, 7);
