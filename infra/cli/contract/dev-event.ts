import * as z from 'zod';
import { counted, field } from './field.ts';

const { job, slot, run } = field;
const event = <Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) =>
  z.strictObject({ event: z.literal(name), ...shape });
const names = (what: string) => z.array(z.string()).describe(what);
const reason = { failure: field.failure, why: field.why };

/** What `dev` sees of runs. */
export const RunEvent = z.discriminatedUnion('event', [
  event('queued', { job, slot, run }),
  event('started', {
    job,
    slot,
    run,
    origin: z.string().describe('`schedule`, `watchman` or `person`: who delivered the slot.'),
    slotCount: counted('slots the run counts for'),
    goesOn: z.boolean().describe('True: the run was open before.'),
  }),
  event('attempt-failed', {
    job,
    slot,
    run,
    attempt: z.int().describe('Number of the attempt, from 1.'),
    failure: z.string().describe('Name of the failure.'),
    message: z.string().describe('The failure in words.'),
    delaySeconds: z.int().nullable().describe('Wait before the next attempt, null where there is none.'),
  }),
  event('ended', {
    job,
    slot,
    run,
    status: field.status.exclude(['open']),
    ...reason,
    message: field.message,
    standIn: field.standIn,
    attempts: field.attempts,
    durationMs: z.number().describe('Time from start to end, in milliseconds.'),
    usd: field.usd,
  }),
  event('unrun', {
    job,
    status: field.status.exclude(['open']),
    ...reason,
    slotCount: counted('slots'),
    first: z.string().describe('First of the slots.'),
    last: z.string().describe('Last of the slots.'),
  }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** What `dev` reports besides runs. */
const OtherEvent = z.discriminatedUnion('event', [
  event('began', { jobCount: counted('jobs'), data: z.string().describe('Data directory.') }),
  event('schedule', {
    job,
    enabled: field.enabled,
    english: field.english,
    expression: field.expression,
    timezone: field.timezone,
    next: field.next,
  }),
  event('fired', { job, slot }),
  event('undelivered', {
    function: z.string().describe('Name of the function.'),
    job: job.nullable(),
    slot: slot.nullable(),
    failure: z.string().describe('Name of the failure.'),
    message: z.string().describe('The failure in words.'),
  }),
  event('passed-over', {
    job,
    slotCount: counted('slots'),
    more: z.boolean().describe('True: there were more.'),
    first: z.string().describe('First of the slots.'),
    last: z.string().describe('Last of the slots.'),
  }),
  event('slept', { from: z.string().describe('Start, UTC.'), to: z.string().describe('End, UTC.') }),
  event('closed', {
    job,
    from: z.string().describe('First of the slots.'),
    to: z.string().describe('End of the time, inclusive.'),
  }),
  event('drift', { job, differences: names('How the schedule differs from the job file.') }),
  event('mended', { job, run, was: z.string().describe('The problem before the repair.') }),
  event('stale', { job }),
  event('files', {
    created: names('Jobs with a new schedule.'),
    updated: names('Jobs with a changed schedule.'),
    removed: names('Jobs whose schedule is gone.'),
  }),
  event('invalid', { problems: field.problems }),
  event('service-ended', {}),
  event('service-back', {}),
  event('stopped', { open: field.open }),
]);

export type DevEvent = RunEvent | z.infer<typeof OtherEvent>;

/** One line of `dev --json`. */
export const DevEventJson = z.discriminatedUnion(
  'event',
  [...RunEvent.options, ...OtherEvent.options].map((one) =>
    one.extend({ at: z.string().describe('When it was reported, UTC.') }),
  ) as unknown as typeof RunEvent.options,
);
