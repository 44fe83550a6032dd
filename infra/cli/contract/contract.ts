import * as z from 'zod';
import { DevEventJson } from './dev-event.ts';
import { counted, field } from './field.ts';
import { RunDetailJson, RunJson } from './run.ts';

/** The version of the JSON that commands print. An added field keeps it; a renamed, removed or retyped field raises it. */
export const contractVersion = 1;

const { job, slot, timezone, english, expression, enabled, next, open, queued, pause, breaker } = field;
const from = z.string().describe('Start of the range, UTC.');
const to = z.string().describe('End of the range, UTC.');
const expectedUsd = z.number().nullable().describe('Expected cost in US dollars, by past runs.');
const lowUsd = z.number().nullable().describe('Cost if every run is as cheap as one in ten.');
const highUsd = z.number().nullable().describe('Cost if every run is as dear as one in ten.');

const JobJson = z.strictObject({
  job,
  description: z.string().nullable().describe('The description in the job file.'),
  enabled,
  english,
  expression,
  timezone,
  next,
  last: z
    .strictObject({
      run: field.run,
      slot,
      status: field.status,
      failure: field.failure,
      why: field.why,
      endedAt: z.string().describe('End, UTC.'),
    })
    .nullable()
    .describe('The last run that ended.'),
  lastSuccess: slot.nullable().describe('Slot of the last run that succeeded.'),
  streak: z.int().describe('Runs in a row that succeeded, or failed (negative).'),
  pause,
  breaker,
  open,
  queued,
  month: z
    .strictObject({
      month: z.string().describe('Month in the time zone of the job.'),
      usd: field.usd,
      unpriced: z.boolean().describe('True: some runs have no known price.'),
      runCount: counted('runs that the schedule started'),
      usdLimit: z.number().nullable().describe('`limits.perMonth.usd`.'),
      runLimit: z.int().nullable().describe('`limits.perMonth.runs`.'),
    })
    .describe('What the current month has taken.'),
  fresh: z
    .boolean()
    .nullable()
    .describe('False: no run of today has succeeded by `freshBy`. Null: not promised or not known.'),
  driftSince: z.string().nullable().describe('Since when the deployed schedule differs from the job file.'),
  lookedTo: z.string().nullable().describe('Instant up to which the watchman has looked.'),
  damaged: z
    .string()
    .nullable()
    .describe('An item of the job that cannot be read, in words. Then all but its file is unknown.'),
});
export type JobJson = z.infer<typeof JobJson>;

const WhyJson = z.strictObject({
  job,
  asked: z.string().describe('The time as it was typed.'),
  timezone,
  slot: slot.nullable(),
  kind: z
    .enum([
      'ran',
      'skipped',
      'missed',
      'queued',
      'open',
      'ahead',
      'unrecorded',
      'closed',
      'unaccounted',
      'not-due',
      'unknowable',
    ])
    .describe('The verdict.'),
  sentence: z.string().describe('The verdict in words.'),
  evidence: z.array(z.strictObject({ label: z.string(), text: z.string() })).describe('What the verdict rests on.'),
  run: field.run.nullable(),
  standIn: field.standIn,
  skip: z.enum(['excluded', 'fold']).nullable().describe('Why the calendar skips the slot.'),
  before: slot.nullable().describe('Slot before the time, where it is not due.'),
  next,
  again: slot.nullable().describe('Second slot of a local time that comes twice.'),
  beside: z.array(z.string()).describe('Ids of the runs by hand for that minute.'),
  runs: z.array(RunJson).describe('The runs of `run`, `standIn` and `beside`, each as in `runs`.'),
});
export type WhyJson = z.infer<typeof WhyJson>;

const BackfillJson = z.strictObject({
  job,
  from,
  to,
  slotCount: counted('slots in the range'),
  doneCount: counted('slots that have succeeded'),
  excludedCount: counted('slots that the calendar skips'),
  busyCount: counted('slots whose run goes on'),
  todo: z.array(z.string()).describe('Slots that needed a run when the command began.'),
  expectedUsd,
  stopped: z.boolean().describe('True: Ctrl-C ended the watching.'),
  failedCount: counted('runs that did not succeed'),
  open,
  runs: z.array(RunJson).describe('Runs that ended while the command watched, each as in `runs`.'),
});
export type BackfillJson = z.infer<typeof BackfillJson>;

const ForecastJson = z.strictObject({
  job,
  days: z.int().describe('Days looked ahead.'),
  from,
  to,
  timezone,
  slotCount: counted('slots in the range'),
  runCount: counted('slots that no limit stops'),
  experience: z
    .strictObject({
      runCount: counted('past runs looked at'),
      pricedCount: counted('past runs with a known cost'),
      unreachedCount: counted('past runs that received no reply, so that their cost is not known'),
      failedShare: z.number().describe('Share of failed runs, from 0 to 1.'),
      meanAttempts: z.number().describe('Mean number of attempts.'),
      meanUsd: z.number().nullable().describe('Mean cost.'),
      lowUsd,
      highUsd,
    })
    .nullable()
    .describe('What past runs with this model were like.'),
  expectedUsd,
  lowUsd,
  highUsd,
  limits: z
    .array(
      z.strictObject({
        period: z.enum(['day', 'month']),
        of: z.enum(['usd', 'runs']),
        limit: z.number(),
        reachedOn: z.string().nullable().describe('Local date, or null.'),
        skippedCount: counted('slots it stops'),
      }),
    )
    .describe('The limits of the job, and when each is reached.'),
  pause,
});
export type ForecastJson = z.infer<typeof ForecastJson>;

const NextJson = z.strictObject({
  job,
  expression,
  timezone,
  english,
  enabled,
  slots: z
    .array(
      z.strictObject({
        slot,
        local: z.string().describe('Local date and time.'),
        offset: z.string().describe('Offset from UTC.'),
        note: z.string().nullable().describe('Whether clocks change on that day.'),
        firedBy: z.enum(['schedule', 'watchman']),
        skip: z.enum(['excluded', 'fold']).nullable().describe('Why the calendar skips the slot.'),
        remark: z.string().nullable().describe('A special condition of the slot, in words.'),
      }),
    )
    .describe('The next slots.'),
});
export type NextJson = z.infer<typeof NextJson>;

const LogsJson = z.strictObject({
  run: field.run,
  job,
  slot,
  from,
  to,
  more: z.boolean().describe('True: there are more lines than `--limit`.'),
  lines: z
    .array(
      z.strictObject({
        at: z.string().describe('When it was logged, UTC.'),
        function: z.string().describe('Name of the function.'),
        level: z.string().describe('`INFO`, `WARN`, `ERROR` or `DEBUG`.'),
        message: z.string().describe('What happened.'),
        fields: z.record(z.string(), z.unknown()).describe('Everything else in the line.'),
      }),
    )
    .describe('Log lines, the oldest first.'),
});
export type LogsJson = z.infer<typeof LogsJson>;

const RepairJson = z.strictObject({
  job,
  items: z
    .array(
      z.strictObject({
        item: z
          .enum(['state', 'look'])
          .describe('`state`: what the runs of the job share. `look`: the checkpoint of the watchman.'),
        problem: z.string().describe('Why it cannot be read.'),
        lost: z.array(z.string()).describe('Fields that were made anew from the runs of the job.'),
        kept: z.string().nullable().describe('Key of the damaged item. Null: nothing was changed.'),
      }),
    )
    .describe('The items that cannot be read.'),
});
export type RepairJson = z.infer<typeof RepairJson>;

const SecretJson = z.strictObject({
  secret: z.string().describe('Name of the secret.'),
  set: z.boolean().describe('Whether it has a value. No command prints one.'),
  place: z.string().describe('Where it is kept.'),
  connections: z.array(z.string()).describe('Connections that name it.'),
});
export type SecretJson = z.infer<typeof SecretJson>;

const ConnectionJson = z.strictObject({
  connection: z.string().describe('Name of the connection.'),
  kind: z.string().describe('Its kind.'),
  description: z.string().nullable().describe('The description in its file.'),
  to: z.string().describe('Where it leads.'),
  tools: z.array(z.string()).describe('Names of the tools that it is.'),
  jobs: z.array(z.string()).describe('Jobs that name it.'),
});
export type ConnectionJson = z.infer<typeof ConnectionJson>;

/** An error under --json, as one line. */
export const ErrorJson = z.strictObject({
  error: z.strictObject({
    name: z.string().describe('Name of the failure, or `InvalidOption`.'),
    message: z.string().describe('The problem, in words.'),
    advice: z.string().nullable().describe('What helps.'),
  }),
});
export type ErrorJson = z.infer<typeof ErrorJson>;

export const commandJson = {
  run: RunDetailJson,
  retry: RunDetailJson,
  show: RunDetailJson,
  runs: z.array(RunJson),
  jobs: z.array(JobJson),
  why: WhyJson,
  logs: LogsJson,
  next: NextJson,
  forecast: ForecastJson,
  backfill: BackfillJson,
  stop: z.strictObject({
    ...RunJson.shape,
    stopped: z.boolean().describe('True: this command stopped the run. False: it had ended before.'),
  }),
  forget: z.strictObject({
    ...RunJson.shape,
    changed: z.boolean().describe('False: the result was forgotten, or not forgotten, already.'),
  }),
  pause: z.strictObject({
    job,
    pause: pause.unwrap(),
    replaced: pause.describe('The pause that it replaces.'),
    open,
    queued,
  }),
  resume: z.strictObject({ job, pause, breaker, queued, next }),
  repair: RepairJson,
  init: z.strictObject({ job, file: z.string().describe('Path of the file.'), english, expression, timezone, next }),
  check: z.strictObject({
    jobs: z.array(z.string()).describe('Names of the jobs, if all are good.'),
    problems: field.problems,
    warnings: z.array(z.string()).describe('What is good and may not be meant, in words.'),
  }),
  secrets: z.strictObject({ secrets: z.array(SecretJson).describe('The secrets, or the one that was set.') }),
  connections: z.strictObject({
    connections: z.array(ConnectionJson).optional().describe('The connections. Absent in a test of one.'),
    tested: z
      .strictObject({
        connection: z.string().describe('Name of the connection.'),
        ok: z.boolean().describe('Whether it works.'),
        says: z.string().describe('What happened, in words.'),
      })
      .optional()
      .describe('The test of one connection.'),
  }),
  dev: DevEventJson,
  version: z.strictObject({
    version: z.string().describe('Version of Nightshift.'),
    contract: z.int().describe('Version of the JSON that commands print.'),
  }),
} as const;

/** The JSON that each command prints under --json. `dev` prints one such object a line. */
export type CommandJson = { [Name in keyof typeof commandJson]: z.infer<(typeof commandJson)[Name]> };
