import { toned } from '../../../infra/cli/print/line.ts';
import { type Column, tableLines } from '../../../infra/cli/print/table.ts';
import type { Terminal } from '../../../infra/cli/print/terminal.ts';
import type { Found, Report } from './explore-worker.ts';
import { classNames } from './fault.ts';
import { invariants } from './invariants.ts';
import type { Mutant } from './mutant/mutant.ts';
import type { Tally } from './schedule-tally.ts';

export type Hunted = Extract<Report, { mutant: string }> & { breaks: string };
export type Shown = {
  tally: Tally;
  exhausted: string[];
  seeds: number;
  /** The states of the definition. */
  states: string[];
  hunted: Hunted[];
  seconds: number;
};

/** The ways to end an execution from outside that no schedule has tried, state by state. */
export const untried = ({ tally: { cut }, states }: Pick<Shown, 'tally' | 'states'>): string[] =>
  ['ABORTED', 'TIMED_OUT'].flatMap((how) => states.map((state) => `${how} in ${state}`)).filter((end) => !cut.has(end));

const kinds = ['usual', ...classNames, 'two', 'random'];
const amount = (count: number): string => (count === 0 ? '·' : count.toLocaleString('en'));

export const huntedOf = (report: Extract<Report, { mutant: string }>, mutants: Mutant[]): Hunted => ({
  ...report,
  breaks: mutants.find(({ name }) => name === report.mutant)?.breaks ?? '',
});

const jobTable = ({ cells }: Tally, out: Terminal): void => {
  const columns: Column[] = [
    { title: 'job' },
    ...[...kinds, 'all', 'violations'].map((title) => ({ title, amount: true })),
  ];
  const rows = [...cells].map(([job, row]) => {
    const counts = kinds.map((kind) => row.get(kind)?.schedules ?? 0);
    const broken = [...row.values()].reduce((sum, { violations }) => sum + violations, 0);
    const all = counts.reduce((sum, count) => sum + count, 0);
    return [job, ...counts.map(amount), amount(all), broken > 0 ? toned('bad', amount(broken)) : '0'];
  });
  out.print(tableLines(columns, rows));
};

const mutantTable = (hunted: Hunted[], out: Terminal): void => {
  const columns: Column[] = [
    { title: 'mutant' },
    { title: 'breaks' },
    { title: 'found after', amount: true },
    { title: 'by' },
    { title: 'breaks too' },
  ];
  const rows = hunted.map(({ mutant, breaks, schedules, found }) => [
    mutant,
    breaks,
    amount(schedules),
    found ? `${found.played.job} ${found.played.decisions || 'as usual'}` : toned('bad', 'survived'),
    found?.others.join(' ') ?? '',
  ]);
  out.print(tableLines(columns, rows));
};

/** How a schedule is played again. */
const replayOf = ({ job, decisions, seed }: Pick<Found, 'job' | 'decisions' | 'seed'>): string =>
  seed === undefined
    ? `npm run explore -- --job ${job} --replay '${decisions}'`
    : `npm run explore -- --job ${job} --seed ${seed}`;

const maxFound = 5;

const foundLines = ({ tally: { found } }: Shown, out: Terminal): void => {
  for (const one of found.slice(0, maxFound)) {
    for (const line of one.trace) out.say(line);
    for (const { invariant, what } of one.violations)
      out.say(`broken: ${invariant} (${invariants[invariant]?.says}): ${what}`);
    out.say(
      one.alone ? `again: ${replayOf(one)}\n` : 'not again in fresh processes: something outlived a schedule (8)\n',
    );
  }
  if (found.length > maxFound) out.say(`… and ${found.length - maxFound} more schedules`);
};

const cutText = (shown: Shown): string => {
  const left = untried(shown);
  return left.length === 0
    ? `Executions were aborted, and timed out, in each of their ${shown.states.length} states.`
    : `No execution was ended by ${left.join(', ')}.`;
};

/** Says what was explored and what was found, for people. */
export const printShown = (shown: Shown, out: Terminal): void => {
  const { tally, exhausted, seeds, hunted, seconds } = shown;
  const { schedules, histories, found, races } = tally;
  if (schedules.size > 0) {
    foundLines(shown, out);
    jobTable(tally, out);
    out.say('');
    out.say(
      `${amount(schedules.size)} distinct schedules explored (no two with the same decisions), ${amount(histories.size)} of them with a history of its own, in ${Math.round(seconds)} s.`,
    );
    for (const what of exhausted) out.say(`exhaustive: ${what}`);
    out.say(`beyond: ${seeds} seeds on each job`);
    out.say(`In ${amount(races.count)} somebody lost a race for a write. ${cutText(shown)}`);
    out.say(
      found.length === 0 ? 'All invariants held in all of them.' : `${found.length} schedules break an invariant.`,
    );
    out.say('');
  }
  if (hunted.length === 0) return;
  mutantTable(hunted, out);
  out.say('');
  out.say(`${hunted.filter((each) => each.found).length} of ${hunted.length} mutants found.`);
};

/** The same for programs. */
export const shownJson = ({ tally, exhausted, seeds, hunted, seconds }: Shown) => ({
  schedules: tally.schedules.size,
  histories: tally.histories.size,
  races: tally.races.count,
  cut: [...tally.cut].sort(),
  seconds: Math.round(seconds),
  exhaustive: exhausted,
  seeds,
  jobs: Object.fromEntries([...tally.cells].map(([job, row]) => [job, Object.fromEntries(row)])),
  violations: tally.found.map((one) => ({ ...one, again: replayOf(one) })),
  mutants: hunted.map(({ mutant, breaks, schedules, found }) => ({
    ...{ mutant, breaks, schedules, killed: found !== undefined },
    by: found && { job: found.played.job, decisions: found.played.decisions, violations: found.played.violations },
    also: found?.others ?? [],
  })),
});
