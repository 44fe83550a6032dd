import * as z from 'zod';
import type { ServiceEvent } from '../../local/daemon/service.ts';
import type { LambdaError } from '../../local/lambda/worker.ts';
import { jobNameOf } from '../../local/scheduler/sync-schedules.ts';
import type { DevEvent } from '../contract/dev-event.ts';

/** The events to print, and the jobs whose runs to poll now. `deep`: those jobs may have many new runs. */
export type ServiceEvents = { events: DevEvent[]; jobs: string[]; deep: boolean };

const Findings = z.record(
  z.string(),
  z.object({
    missed: z.array(z.string()).default([]),
    closed: z.object({ from: z.string(), to: z.string() }).optional(),
    covered: z.array(z.string()).default([]),
    mended: z.array(z.object({ run: z.string(), was: z.string() })).default([]),
    drift: z.array(z.string()).default([]),
    stale: z.boolean().default(false),
  }),
);
type Finding = z.infer<typeof Findings>[string];

/** The job and the slot of a delivered event, if it has them. */
const Delivered = z.object({ job: z.string().nullable().catch(null), slot: z.string().nullable().catch(null) });

type Ended = Extract<ServiceEvent, { kind: 'ended' }>;

const nothing: ServiceEvents = { events: [], jobs: [], deep: false };

/** Translates the local service's events into those of `dev`. A finding that the watchman repeats is reported once. */
export const serviceEvents = () => {
  const lastReported = new Map<string, string>();
  /** Whether a value differs from the one last reported under this key. */
  const isNew = (key: string, value: string): boolean => {
    const differs = (lastReported.get(key) ?? '') !== value;
    lastReported.set(key, value);
    return differs;
  };

  const findingEvents = (job: string, { closed, mended, drift, stale }: Finding): DevEvent[] => [
    ...(closed ? [{ event: 'closed', job, ...closed } satisfies DevEvent] : []),
    ...mended.map(({ run, was }): DevEvent => ({ event: 'mended', job, run, was })),
    ...(isNew(`drift ${job}`, drift.join('\n')) && drift.length > 0
      ? [{ event: 'drift', job, differences: drift } satisfies DevEvent]
      : []),
    ...(isNew(`stale ${job}`, String(stale || '')) && stale ? [{ event: 'stale', job } satisfies DevEvent] : []),
  ];
  const watchmanEvents = (payload: unknown): ServiceEvents => {
    const findings = Object.entries(Findings.safeParse(payload).data ?? {});
    const deep = findings.some(([, { missed, covered }]) => missed.length + covered.length > 0);
    return { events: findings.flatMap((one) => findingEvents(...one)), jobs: findings.map(([job]) => job), deep };
  };
  /** A watchman that fails does so every minute: the same failure is reported once. */
  const failed = ({ function: name, event }: Ended, { errorType, errorMessage }: LambdaError): ServiceEvents => {
    const { job, slot } = Delivered.parse(event);
    const undelivered = { function: name, job, slot, failure: errorType, message: errorMessage };
    const isReported = name !== 'watchman' || isNew('watchman', `${errorType}: ${errorMessage}`);
    return { ...nothing, events: isReported ? [{ event: 'undelivered', ...undelivered }] : [] };
  };
  const ended = (one: Ended): ServiceEvents => {
    if (!one.result.ok) return failed(one, one.result.error);
    if (one.function !== 'watchman') return { ...nothing, jobs: [Delivered.parse(one.event).job ?? []].flat() };
    isNew('watchman', '');
    return watchmanEvents(JSON.parse(one.result.payload));
  };

  return (event: ServiceEvent): ServiceEvents => {
    if (event.kind === 'ended') return ended(event);
    if (event.kind === 'slept') return { ...nothing, events: [{ event: 'slept', from: event.from, to: event.to }] };
    const job = jobNameOf(event.schedule);
    if (event.kind === 'fired') return { ...nothing, events: [{ event: 'fired', job, slot: event.slot }] };
    const { kind, more, first, last, count: slotCount } = event;
    return { ...nothing, events: [{ event: kind, job, slotCount, more, first, last }] };
  };
};
