import type { Declared } from '../../../lib/io/files/job-files.ts';
import type { Job } from '../../../lib/job/job.ts';
import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { slotsAfter } from '../../../lib/schedule/calendar.ts';
import { scheduleExpression } from '../../../lib/schedule/schedule.ts';
import type { Slot } from '../../../lib/schedule/slot.ts';
import type { Timetable } from '../../local/scheduler/sync-schedules.ts';
import type { DevEvent } from '../contract/dev-event.ts';
import { counted } from '../print/format.ts';
import { jsonLine } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { about, localText } from '../print/time.ts';
import { devEventLines } from './dev-event.ts';

/** The next slot that EventBridge delivers and that the job runs. */
const nextOf = ({ enabled, schedule }: Job, since: Date | undefined, now: Date): Slot | null => {
  if (!enabled) return null;
  const due = slotsAfter(schedule, now, { anchor: since ?? now });
  return due.find(({ by, skip }) => by === 'schedule' && skip === undefined)?.slot ?? null;
};

/** Prints the events of `dev`. */
export type Reporter = {
  say(events: DevEvent[]): void;
  /** Replaces the jobs and the dates of their schedules. */
  know(declared: Declared, timetable: Timetable): void;
  /** Prints when these jobs are due. */
  schedules(names: string[]): void;
  /** The number of open runs and the next slot. */
  status(open: number): string;
};

/** Prints each event: as lines in the time zone of its job, or as JSON. */
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
  const say = (events: DevEvent[]): void => {
    const now = new Date();
    const jobWidth = Math.max(...jobs.map(({ name }) => name.length), 0);
    for (const event of events) {
      if (asJson) out.say(jsonLine({ at: now.toJSON(), ...event }));
      else out.print(devEventLines(event, { now, zoneOf, jobWidth }));
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
      const named = jobs.filter(({ name }) => names.includes(name));
      const next = (job: Job) => nextOf(job, since.get(job.name), now);
      say(
        named.map((job) => ({
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
      const openText = open > 0 ? `${counted(open, 'open run')} · ` : '';
      if (upcoming === undefined) return `${openText}no slot is due`;
      const { job, slot } = upcoming;
      return `${openText}next: ${job} ${localText(slot, zoneOf(job))}, in ${about(Date.parse(slot) - now.getTime())}`;
    },
  };
};
