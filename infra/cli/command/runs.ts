import { storedPastRuns } from '../../../lib/io/store/past-runs.ts';
import type { Run } from '../../../lib/run/run.ts';
import { localDate, localTime, weekday } from '../../../lib/schedule/local-date.ts';
import { mustBeDeclared, readDeclared } from '../client/job-files.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { runJson } from '../contract/run.ts';
import { exitCodes } from '../print/exit.ts';
import { cost, count, duration } from '../print/format.ts';
import type { Line, Segment } from '../print/line.ts';
import { notDoneText } from '../print/run-text.ts';
import { json } from '../print/sanitize.ts';
import { type Column, tableLines } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';
import { waitingLines } from '../print/waiting.ts';

export type RunsOptions = Target & { infra: string; job?: string; days: number; limit: number; json?: boolean };

const columns: Column[] = [
  { title: 'slot, local time' },
  { title: 'run' },
  { title: 'outcome' },
  { title: 'attempts', amount: true },
  { title: 'took', amount: true },
  { title: 'tokens', amount: true },
  { title: 'cost', amount: true },
];

const tones = { open: 'warn', succeeded: 'good', failed: 'bad', skipped: 'dim', missed: 'bad' } as const;

const shown = (value: number | null, format: (value: number) => string): string =>
  value === null ? '–' : format(value);

const row = (run: Run): Segment[] => {
  const zone = run.job.schedule.timezone;
  const { status, failure, why, attempts, durationMs, tokens: used, usd } = runJson(run);
  const slot = `${weekday(run.slot, zone).slice(0, 3)} ${localDate(run.slot, zone)} ${localTime(run.slot, zone)}`;
  const end = [status, failure ?? why].filter(Boolean).join(' ');
  const left = notDoneText(run);
  const outcome = [end, left, run.forgotten ? 'forgotten' : ''].filter(Boolean).join(', ');
  const amounts = [shown(attempts, count), shown(durationMs, duration), shown(used, count), cost(usd)];
  return [
    slot,
    run.id,
    { text: outcome, tone: left === '' || status === 'failed' ? tones[status] : 'warn' },
    ...amounts,
  ];
};

/** From this width on there is room for the local time, which the run id tells in UTC. */
const roomyColumns = 100;

/** Runs as a table. A narrow terminal gets no local times; the id is always there. */
export const listed = (found: Run[], width: number): Line[] => {
  const from = width < roomyColumns ? 1 : 0;
  return tableLines(
    columns.slice(from),
    found.map((run) => row(run).slice(from)),
  );
};

const recent = async ({ job, days, limit, ...place }: RunsOptions): Promise<{ found: Run[]; waiting: number }> => {
  const read = await reading(place, async ({ stores, waiting }) => {
    const ledger = storedPastRuns(stores, () => new Date());
    return { found: await ledger.runs({ ...(job ? { job } : {}), days, limit }), waiting };
  });
  return read ?? { found: [], waiting: 0 };
};

/** No runs of a job that was never declared here is a mistake in its name; job files that are broken are another matter. */
const checkName = async ({ job, stage, infra }: RunsOptions): Promise<void> => {
  if (job === undefined || stage !== undefined) return;
  const declared = await readDeclared(infra).catch(() => undefined);
  if (declared) mustBeDeclared(job, declared);
};

const none = ({ job, days, stage }: RunsOptions): string => {
  const what = `No runs${job ? ` of ${job}` : ''} in the last ${days === 1 ? 'day' : `${days} days`}`;
  return stage === undefined ? `${what}; \`npm start\` makes one.` : `${what} in stage ${stage}.`;
};

/** Lists recent runs, the newest slot first. Reads only. Throws UnknownJob for the name of a job that has no runs and no file. */
export const runs = async (options: RunsOptions, out: Terminal): Promise<number> => {
  const { found, waiting } = await recent(options);
  if (found.length === 0) await checkName(options);
  if (options.json) out.say(json(found.map(runJson) satisfies CommandJson['runs']));
  else if (found.length === 0) out.say(none(options));
  else {
    out.print(listed(found, out.columns));
    if (found.length === options.limit) out.say(`\nThe newest ${found.length}; --limit shows more.`);
    out.print(waitingLines(waiting));
  }
  return exitCodes.succeeded;
};
