import type { Declared } from '../../../lib/io/files/job-files.ts';
import type { Job } from '../../../lib/job/job.ts';
import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { slotsAfter } from '../../../lib/schedule/calendar.ts';
import { scheduleExpression } from '../../../lib/schedule/schedule.ts';
import type { Slot } from '../../../lib/schedule/slot.ts';
import type { Timetable } from '../../local/scheduler/sync-schedules.ts';
import { counted } from '../print/format.ts';
import { jsonLine } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { about, localText } from '../print/time.ts';
import { type DevEvent, devEventLines } from './dev-event.ts';

/** The next slot that EventBridge fires and that is run. */
const nextOf = ({ enabled, schedule }: Job, since: Date | undefined, now: Date): Slot | null => {
  if (!enabled) return null;
  const due = slotsAfter(schedule, now, { anchor: since ?? now });
  return due.find(({ by, skip }) => by === 'schedule' && skip === undefined)?.slot ?? null;
};

/** Who tells people, or programs, what happens. */
export type Reporter = {
  say(happenings: DevEvent[]): void;
  /** From now on these are the jobs, with their schedules' dates. */
  know(declared: Declared, timetable: Timetable): void;
  /** Tells when these jobs are due. */
  schedules(names: string[]): void;
  /** What is at work and what is next, in a few words. */
  status(open: number): string;
};

/** Tells what happens, a line each: for people in the zone of each job, for programs as JSON. */
export const reporter = (out: Terminal, asJson: boolean): Reporter => {
  let jobs: Job[] = [];
  let since: Timetable['since'] = new Map();
  let upcoming: { job: string; slot: Slot } | undefined;
  const zoneOf = (job: string): string => jobs.find(({ name }) => name === job)?.schedule.timezone ?? 'UTC';
  const soonest = (now: Date) =>
    jobs
      .flatMap((job) => ({ job: job.name, slot: nextOf(job, since.get(job.name), now) ?? [] }))
      .flatMap(({ job, slot }) => (typeof slot === 'string' ? [{ job, slot }] : []))
      .sort((a, b) => (a.slot < b.slot ? -1 : 1))[0];
  const say = (happenings: DevEvent[]): void => {
    const now = new Date();
    const jobWidth = Math.max(...jobs.map(({ name }) => name.length), 0);
    for (const one of happenings) {
      if (asJson) out.say(jsonLine({ at: now.toJSON(), ...one }));
      else out.print(devEventLines(one, { now, zoneOf, jobWidth }));
    }
  };
  return {
    say,
    know(declared, timetable) {
      jobs = declared.jobs;
      since = timetable.since;
      upcoming = undefined;
    },
    schedules(names) {
      const now = new Date();
      const told = jobs.filter(({ name }) => names.includes(name));
      const next = (job: Job) => nextOf(job, since.get(job.name), now);
      say(
        told.map((job) => ({
          event: 'schedule',
          job: job.name,
          enabled: job.enabled,
          english: inEnglish(job.schedule),
          expression: scheduleExpression(job.schedule),
          timezone: job.schedule.timezone,
          next: next(job),
        })),
      );
    },
    status(open) {
      const now = new Date();
      if (upcoming === undefined || Date.parse(upcoming.slot) <= now.getTime()) upcoming = soonest(now);
      const work = open > 0 ? `${counted(open, 'open run')} · ` : '';
      if (upcoming === undefined) return `${work}nothing is due`;
      const { job, slot } = upcoming;
      return `${work}next: ${job} ${localText(slot, zoneOf(job))}, in ${about(Date.parse(slot) - now.getTime())}`;
    },
  };
};
