import { toned } from '../../../infra/cli/print/line.ts';
import { type Column, tableLines } from '../../../infra/cli/print/table.ts';
import type { Terminal } from '../../../infra/cli/print/terminal.ts';
import type { Found, Report } from './explore-worker.ts';
import { classNames } from './fault.ts';
import { invariants } from './invariants.ts';
import type { Mutant } from './mutant/mutant.ts';
import type { Tally } from './schedule-tally.ts';

export type MutantResult = Extract<Report, { mutant: string }> & { breaks: string };
export type Exploration = {
  tally: Tally;
  exhausted: string[];
  seeds: number;
  /** The states of the definition. */
  states: string[];
  hunted: MutantResult[];
  seconds: number;
};

/** The pairs of outside end and state that no schedule has played. */
export const untried = ({ tally: { cut }, states }: Pick<Exploration, 'tally' | 'states'>): string[] =>
  ['ABORTED', 'TIMED_OUT'].flatMap((how) => states.map((state) => `${how} in ${state}`)).filter((end) => !cut.has(end));

const kinds = ['usual', ...classNames, 'two', 'random'];
const amount = (count: number): string => (count === 0 ? '·' : count.toLocaleString('en'));

export const mutantResult = (report: Extract<Report, { mutant: string }>, mutants: Mutant[]): MutantResult => ({
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

const mutantTable = (hunted: MutantResult[], out: Terminal): void => {
  const columns: Column[] = [
    { title: 'mutant' },
    { title: 'breaks' },
    { title: 'schedules played', amount: true },
    { title: 'found by' },
    { title: 'also breaks' },
  ];
  const rows = hunted.map(({ mutant, breaks, schedules, found }) => [
    mutant,
    breaks,
    amount(schedules),
    found ? `${found.played.job} ${found.played.decisions || 'without faults'}` : toned('bad', 'survived'),
    found?.others.join(' ') ?? '',
  ]);
  out.print(tableLines(columns, rows));
};

/** The command that replays a schedule. */
const replayOf = ({ job, decisions, seed }: Pick<Found, 'job' | 'decisions' | 'seed'>): string =>
  seed === undefined
    ? `npm run explore -- --job ${job} --replay '${decisions}'`
    : `npm run explore -- --job ${job} --seed ${seed}`;

const maxFound = 5;

const foundLines = ({ tally: { found } }: Exploration, out: Terminal): void => {
  for (const one of found.slice(0, maxFound)) {
    for (const line of one.trace) out.say(line);
    for (const { invariant, what } of one.violations)
      out.say(`violation of ${invariant} (${invariants[invariant]?.says}): ${what}`);
    out.say(
      one.alone
        ? `replay: ${replayOf(one)}\n`
        : 'It does not repeat in fresh processes: state outlived an earlier schedule (invariant 8).\n',
    );
  }
  if (found.length > maxFound) out.say(`… and ${found.length - maxFound} more schedules with violations`);
};

const cutText = (exploration: Exploration): string => {
  const left = untried(exploration);
  return left.length === 0
    ? `An execution was aborted and timed out in each of its ${exploration.states.length} states.`
    : `No schedule has ended an execution by ${left.join(', ')}.`;
};

/** Prints what was explored and found. */
export const printExploration = (exploration: Exploration, out: Terminal): void => {
  const { tally, exhausted, seeds, hunted, seconds } = exploration;
  const { schedules, histories, found, races } = tally;
  if (schedules.size > 0) {
    foundLines(exploration, out);
    jobTable(tally, out);
    out.say('');
    out.say(
      `${amount(schedules.size)} distinct schedules with ${amount(histories.size)} distinct histories explored in ${Math.round(seconds)} s.`,
    );
    for (const what of exhausted) out.say(`exhaustive: ${what}`);
    out.say(`random: ${seeds} schedules on each job`);
    out.say(`In ${amount(races.count)} schedules a writer lost a race. ${cutText(exploration)}`);
    out.say(
      found.length === 0 ? 'Every invariant held in every schedule.' : `${found.length} schedules break an invariant.`,
    );
    out.say('');
  }
  if (hunted.length === 0) return;
  mutantTable(hunted, out);
  out.say('');
  out.say(`${hunted.filter((each) => each.found).length} of ${hunted.length} mutants found.`);
};

/** The exploration as JSON. */
export const explorationJson = ({ tally, exhausted, seeds, hunted, seconds }: Exploration) => ({
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
