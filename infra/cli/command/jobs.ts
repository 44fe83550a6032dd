import type { Stores } from '../../../lib/io/store/stores.ts';
import { type JobStatus, jobStatus } from '../../../lib/report/job-status.ts';
import { readDeclared } from '../client/job-files.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson, JobJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { cost, counted } from '../print/format.ts';
import { type Line, type Segment, toned } from '../print/line.ts';
import { json } from '../print/sanitize.ts';
import { tableLines } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';
import { about, localText } from '../print/time.ts';
import { waitingLines } from '../print/waiting.ts';
import { pauseLine } from './pause.ts';

export type JobsOptions = Target & { infra: string; json?: boolean };

const tones = { open: 'warn', succeeded: 'good', failed: 'bad', skipped: 'dim', missed: 'bad' } as const;

/** How long ago in one unit: there is no room for more. */
const ago = (endedAt: string, now: Date): string =>
  `${about(now.getTime() - Date.parse(endedAt))
    .split(' ', 2)
    .join(' ')} ago`;

const lastText = ({ last }: JobStatus, now: Date): Segment => {
  if (!last) return '–';
  const what = [last.status, last.failure ?? last.why].filter((word) => word !== null).join(' ');
  return toned(tones[last.status], `${what}, ${ago(last.endedAt, now)}`);
};

const monthText = ({ month: { usd, unpriced, runs, limit } }: JobStatus, narrow: boolean): string => {
  const spent = usd === null ? '–' : `${cost(usd)}${unpriced ? '+' : ''}`;
  const money = limit?.usd === undefined ? spent : `${spent} of ${cost(limit.usd)}`;
  return narrow || limit?.runs === undefined ? money : `${money}, ${runs} of ${counted(limit.runs, 'run')}`;
};

const row = (status: JobStatus, now: Date, narrow: boolean): Segment[] => {
  const { job, next, timezone, streak } = status;
  const when = next === null ? '–' : localText(next, timezone);
  return [
    toned('strong', job),
    narrow ? when.replace(/ \d{4}-/, ' ') : when,
    lastText(status, now),
    toned(streak < 0 ? 'bad' : 'good', streak === 0 ? '0' : `${streak > 0 ? '+' : ''}${streak}`),
    monthText(status, narrow),
  ];
};

/** The lines under a job's row: its schedule and its special conditions. */
const notes = (status: JobStatus): Segment[] => {
  const { english, timezone, enabled, paused, breaker, streak, open, queued, fresh, driftSince, next, damaged } =
    status;
  const local = (instant: string) => localText(instant, timezone);
  return [
    toned('dim', `${english}, ${timezone}${enabled && next === null ? '; no further slot is known' : ''}`),
    ...(damaged === null ? [] : [toned('bad', `cannot be read: ${damaged}`)]),
    ...(enabled ? [] : [toned('warn', 'disabled in its file: no schedule is deployed')]),
    ...(paused ? [toned('warn', pauseLine(paused, timezone))] : []),
    ...(breaker
      ? [
          toned(
            'bad',
            `breaker open since ${local(breaker.since)} after ${counted(-streak, 'failed run')}; next probe ${local(breaker.until)}`,
          ),
        ]
      : []),
    ...(open.length > 0 ? [toned('warn', `open: ${open.join(', ')}`)] : []),
    ...(queued === null ? [] : [toned('warn', `in the queue: ${queued}`)]),
    ...(fresh === false ? [toned('bad', 'not fresh: no run of today has succeeded by the hour of freshBy')] : []),
    ...(driftSince === null ? [] : [toned('bad', `its schedule differs from the job file since ${local(driftSince)}`)]),
  ];
};

/** From this width on there is room for the year, and for runs beside costs. */
const roomyColumns = 100;

const columns = (narrow: boolean) => [
  { title: 'job' },
  { title: narrow ? 'next, local' : 'next, local time' },
  { title: 'last outcome' },
  { title: 'streak', amount: true },
  { title: 'this month' },
];

/** Jobs as a table, with its notes under each row. */
const listed = (statuses: JobStatus[], now: Date, width: number): Line[] => {
  const narrow = width < roomyColumns;
  const [head, ...rows] = tableLines(
    columns(narrow),
    statuses.map((status) => row(status, now, narrow)),
  );
  const under = (status: JobStatus): Line[] =>
    notes(status).map((note, at) => ({ key: `${status.job}${at}`, whole: true, segments: ['  ', note] }));
  return [...(head ? [head] : []), ...rows.flatMap((line, at) => [line, ...(statuses[at] ? under(statuses[at]) : [])])];
};

const forPrograms = ({ month, paused, ...status }: JobStatus): JobJson => ({
  ...status,
  pause: paused,
  month: {
    month: month.of,
    usd: month.usd,
    unpriced: month.unpriced,
    runCount: month.runs,
    usdLimit: month.limit?.usd ?? null,
    runLimit: month.limit?.runs ?? null,
  },
});

/** Lists every declared job: when it is due, how it fares, what it spends and what holds it up. Reads only. Throws InvalidJob. */
export const jobs = async (options: JobsOptions, out: Terminal): Promise<number> => {
  const { jobs: declared } = await readDeclared(options.infra);
  const now = new Date();
  const all = (stores?: Stores) => Promise.all(declared.map((job) => jobStatus(job, now, stores)));
  const read = await reading(options, async ({ stores, waiting }) => ({ statuses: await all(stores), waiting }));
  const { statuses, waiting } = read ?? { statuses: await all(), waiting: 0 };
  if (options.json) out.say(json(statuses.map(forPrograms) satisfies CommandJson['jobs']));
  else if (statuses.length === 0) out.say(`No job is declared in ${options.infra}/jobs.`);
  else {
    out.print(listed(statuses, now, out.columns));
    out.print(waitingLines(waiting));
  }
  return exitCodes.succeeded;
};
