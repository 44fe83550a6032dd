import type { Stores } from '../../../lib/io/store/stores.ts';
import { anchorOf, minutesOf, why as verdictOf, type Why } from '../../../lib/report/why.ts';
import type { Run } from '../../../lib/run/run.ts';
import { rangeOf } from '../../../lib/watch/slot-range.ts';
import { findJob } from '../client/find-job.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import { hint } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { runJson } from '../contract/run.ts';
import { exitCodes } from '../print/exit.ts';
import { type Explanation, explanation, type Question } from '../print/explanation.ts';
import { toned } from '../print/line.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { typedTime } from '../print/time.ts';

export type WhyOptions = Target & { infra: string; json?: boolean };

type Told = { verdict: Why; question: Question };

/** How many of a job's last runs are looked through for one that its schedule delivered: a rate counts from it. */
const maxRunsRead = 50;

const askedOf = async (name: string, time: string, infra: string, stores: Stores | undefined): Promise<Told> => {
  const now = new Date();
  const { job } = await findJob(name, infra, stores);
  const asked = typedTime(time, '<time>', job.schedule.timezone, now);
  const [state, seen, last = [], ...minutes] = await Promise.all([
    stores?.states.get(name),
    stores?.checkpoints.get(name),
    job.schedule.rate === undefined ? [] : stores?.runs.byJob(name, { limit: maxRunsRead }),
    ...minutesOf(asked).map((minute) => stores?.runs.byJob(name, { ...minute, limit: maxRunsRead })),
  ]);
  const runs = minutes.flatMap((found) => found ?? []);
  const closed = await Promise.all(minutesOf(asked).map(({ to }) => stores && rangeOf(name, to, stores.ranges)));
  const ranges = closed.filter((range) => range !== undefined);
  const anchor = anchorOf(job, seen, [...runs, ...last], now);
  const facts = { job, asked, anchor, runs, ranges, state, checkpoint: seen, now };
  const verdict = verdictOf(facts);
  const by = verdict.kind === 'skipped' ? verdict.outcome.by : undefined;
  const coveredBy = by === undefined ? undefined : await stores?.runs.get(by);
  return { verdict, question: { facts, asked: time, coveredBy } };
};

const runOf = (verdict: Why): Run | undefined => ('run' in verdict ? verdict.run : undefined);

const forPrograms = (
  { verdict, question: { facts, asked, coveredBy } }: Told,
  { sentence, evidence }: Explanation,
): CommandJson['why'] => {
  const { slot, kind, again, beside } = verdict;
  const run = runOf(verdict);
  const runs = [run, coveredBy, ...beside].filter((one) => one !== undefined);
  return {
    job: facts.job.name,
    asked,
    timezone: facts.job.schedule.timezone,
    slot: slot ?? null,
    kind,
    sentence,
    evidence: evidence.map(([label, text]) => ({ label, text })),
    run: run?.id ?? null,
    standIn: coveredBy?.id ?? null,
    skip: 'due' in verdict ? (verdict.due.skip ?? null) : null,
    before: 'before' in verdict ? (verdict.before?.slot ?? null) : null,
    next: 'next' in verdict ? (verdict.next?.slot ?? null) : null,
    again: again ?? null,
    beside: beside.map(({ id }) => id),
    runs: runs.map(runJson),
  };
};

/** Says why a job did or did not run at a time, or when it will: one sentence, and the evidence under it. Reads only. Throws UnknownJob, InvalidSlot. */
export const why = async (
  name: string,
  time: string[],
  options: WhyOptions,
  usualData: string,
  out: Terminal,
): Promise<number> => {
  const ask = (stores?: Stores) => askedOf(name, time.join(' '), options.infra, stores);
  const told = (await reading(options, ({ stores }) => ask(stores))) ?? (await ask());
  const said = explanation(told.verdict, told.question);
  if (options.json) {
    out.say(json(forPrograms(told, said)));
    return exitCodes.succeeded;
  }
  out.say(said.sentence);
  const run = runOf(told.verdict);
  const shown = run ? [...said.evidence, ['every step', hint(`show ${run.id}`, options, usualData)]] : said.evidence;
  const width = Math.max(...shown.map(([label = '']) => label.length));
  out.print(
    shown.map(([label = '', text = ''], at) => ({
      key: `evidence${at}`,
      whole: true,
      segments: [toned('dim', `  ${label.padEnd(width)}  `), text],
    })),
  );
  return exitCodes.succeeded;
};
