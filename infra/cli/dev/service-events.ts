import * as z from 'zod';
import type { ServiceEvent } from '../../local/daemon/service.ts';
import type { LambdaError } from '../../local/lambda/worker.ts';
import { jobNameOf } from '../../local/scheduler/sync-schedules.ts';
import type { DevEvent } from './dev-event.ts';

/** What is heard from the service, in words for people, and the jobs whose runs are to be looked at: `deep` where they may be many. */
export type ServiceEvents = { happenings: DevEvent[]; jobs: string[]; deep: boolean };

const Findings = z.record(
  z.string(),
  z.object({
    missed: z.array(z.string()).default([]),
    covered: z.array(z.string()).default([]),
    mended: z.array(z.object({ run: z.string(), was: z.string() })).default([]),
    drift: z.array(z.string()).default([]),
    stale: z.boolean().default(false),
  }),
);
type Finding = z.infer<typeof Findings>[string];

/** Whose slot an event was, if it was one's. */
const Delivered = z.object({ job: z.string().nullable().catch(null), slot: z.string().nullable().catch(null) });

type Ended = Extract<ServiceEvent, { kind: 'ended' }>;

const nothing: ServiceEvents = { happenings: [], jobs: [], deep: false };

/** Makes words of what the service tells. What the watchman finds again at each look is told when it is new. */
export const serviceEvents = () => {
  const known = new Map<string, string>();
  /** Whether this differs from what was last told of it. */
  const isNew = (what: string, value: string): boolean => {
    const differs = (known.get(what) ?? '') !== value;
    known.set(what, value);
    return differs;
  };

  const found = (job: string, { mended, drift, stale }: Finding): DevEvent[] => [
    ...mended.map(({ run, was }): DevEvent => ({ event: 'mended', job, run, was })),
    ...(isNew(`drift ${job}`, drift.join('\n')) && drift.length > 0
      ? [{ event: 'drift', job, differences: drift } satisfies DevEvent]
      : []),
    ...(isNew(`stale ${job}`, String(stale || '')) && stale ? [{ event: 'stale', job } satisfies DevEvent] : []),
  ];
  const looked = (payload: unknown): ServiceEvents => {
    const findings = Object.entries(Findings.safeParse(payload).data ?? {});
    const deep = findings.some(([, { missed, covered }]) => missed.length + covered.length > 0);
    return { happenings: findings.flatMap((one) => found(...one)), jobs: findings.map(([job]) => job), deep };
  };
  /** A watchman that fails does so each minute: it is told again when it fails otherwise. */
  const failed = ({ function: name, event }: Ended, { errorType, errorMessage }: LambdaError): ServiceEvents => {
    const { job, slot } = Delivered.parse(event);
    const lost = { function: name, job, slot, failure: errorType, message: errorMessage };
    const isTold = name !== 'watchman' || isNew('watchman', `${errorType}: ${errorMessage}`);
    return { ...nothing, happenings: isTold ? [{ event: 'undelivered', ...lost }] : [] };
  };
  const ended = (one: Ended): ServiceEvents => {
    if (!one.result.ok) return failed(one, one.result.error);
    if (one.function !== 'watchman') return { ...nothing, jobs: [Delivered.parse(one.event).job ?? []].flat() };
    isNew('watchman', '');
    return looked(JSON.parse(one.result.payload));
  };

  return (event: ServiceEvent): ServiceEvents => {
    if (event.kind === 'ended') return ended(event);
    if (event.kind === 'slept') return { ...nothing, happenings: [{ event: 'slept', from: event.from, to: event.to }] };
    const job = jobNameOf(event.schedule);
    if (event.kind === 'fired') return { ...nothing, happenings: [{ event: 'fired', job, slot: event.slot }] };
    const { kind, schedule, ...rest } = event;
    return { ...nothing, happenings: [{ event: kind, job, ...rest }] };
  };
};
