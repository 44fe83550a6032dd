import * as z from 'zod';
import { failures } from '../../../lib/failure.ts';
import { SkipReason } from '../../../lib/run/outcome.ts';

/** Fields that mean the same in every output. Each has one name and one description. */
export const field = {
  run: z.string().describe('Run id: `<job>_20261122T070000Z`, with a suffix for a run by hand.'),
  job: z.string().describe('Job name: the name of its file.'),
  slot: z.string().describe('Instant at which the job is due, UTC.'),
  status: z.enum(['open', 'succeeded', 'failed', 'skipped', 'missed']).describe('Outcome of the run, or `open`.'),
  failure: z.enum(Object.keys(failures)).nullable().describe('Name of the failure, of a failed run or attempt.'),
  why: SkipReason.nullable().describe('Reason, of a skipped slot.'),
  message: z.string().nullable().describe('The failure or the reason in words.'),
  standIn: z.string().nullable().describe('Id of the run that a skipped slot gave way to.'),
  attempts: z.int().nullable().describe('Number of attempts made.'),
  startedAt: z.string().describe('Start, UTC.'),
  endedAt: z.string().nullable().describe('End, UTC.'),
  durationMs: z.number().nullable().describe('Time from start to end, in milliseconds.'),
  usd: z
    .number()
    .nullable()
    .describe('Cost in US dollars, null where the model has no known price or the run received no reply.'),
  timezone: z.string().describe('Time zone of the job.'),
  english: z.string().describe('The schedule in English.'),
  expression: z.string().describe('The schedule as EventBridge takes it.'),
  enabled: z.boolean().describe('False: the job file switches the job off.'),
  next: z.string().nullable().describe('Next slot, or null.'),
  open: z.array(z.string()).describe('Ids of the runs that go on.'),
  queued: z.string().nullable().describe('Id of the run that waits in the queue.'),
  pause: z
    .strictObject({ by: z.string(), since: z.string(), until: z.string().nullable(), note: z.string() })
    .nullable()
    .describe('The pause: who made it, since when, until when (null: until it is resumed), and the note.'),
  breaker: z
    .strictObject({
      since: z.string(),
      until: z.string(),
      delaySeconds: z.number(),
      probe: z.string().nullable(),
    })
    .nullable()
    .describe('The open breaker, or null: since when, the time of the next probe, and the run that is the probe.'),
  problems: z.array(z.string()).describe('Each problem: file, line, column, field, what was expected.'),
} as const;

/** A number of things ends in `Count`. */
export const counted = (what: string) => z.int().nonnegative().describe(`Number of ${what}.`);
