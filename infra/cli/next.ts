import cronstrue from 'cronstrue';
import { slotsAfter } from '../../lib/calendar.ts';
import { type Schedule, scheduleExpression, weekday } from '../../lib/schedule.ts';
import { openZone, type WallTime, wallTime } from '../../lib/zone.ts';
import { mustBeDeclared, readDeclared } from './declared.ts';
import { exitCodes } from './ending.ts';
import { json } from './plain.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

export type NextOptions = { infra: string; count: number; json?: boolean };

/** A schedule in English. Its days of the week count from 1 = Sunday, as EventBridge's do. */
export const inEnglish = (schedule: Schedule): string => {
  if (schedule.cron === undefined)
    return schedule.rate === undefined ? `Once, at ${schedule.at}` : `Every ${schedule.rate}`;
  return cronstrue.toString(schedule.cron, { dayOfWeekStartIndexZero: false, use24HourTimeFormat: true });
};

const row = (schedule: Schedule, { slot, local, offset, note }: WallTime) => [
  `${weekday(slot, schedule.timezone).slice(0, 3)} ${local} ${offset}`,
  slot,
  { text: note ?? '', tone: 'warn' as const },
];

/**
 * Prints the next slots of a job, in its own time and in UTC, with the days on which clocks change. A rate counts from
 * its schedule's creation, which is not known here: its slots are shown as if it were created now. Throws UnknownJob.
 */
export const next = async (
  name: string,
  { infra, count, json: wantsJson }: NextOptions,
  out: Terminal,
): Promise<number> => {
  const declared = await readDeclared(infra);
  mustBeDeclared(name, declared);
  const now = new Date();
  for (const { schedule, enabled } of declared.jobs.filter((job) => job.name === name)) {
    const zone = openZone(schedule.timezone);
    const slots = slotsAfter(schedule, now, { anchor: now }).take(count).toArray();
    const times = slots.map((slot) => wallTime(slot, zone));
    const expression = scheduleExpression(schedule);
    if (wantsJson) {
      out.say(
        json({
          job: name,
          expression,
          timezone: schedule.timezone,
          english: inEnglish(schedule),
          enabled,
          slots: times,
        }),
      );
      continue;
    }
    out.say(`${inEnglish(schedule)}, ${schedule.timezone}  (${expression})`);
    if (!enabled) out.say('The job is disabled: no schedule is deployed, and a slot would be recorded as skipped.');
    if (schedule.rate !== undefined)
      out.say('Counted from now; deployed, a rate counts from the creation of its schedule.');
    if (times.length === 0) out.say('It has no slot left.');
    else {
      const columns = [{ title: 'local time' }, { title: 'slot' }, { title: '' }];
      out.print(
        tableLines(
          columns,
          times.map((time) => row(schedule, time)),
        ),
      );
    }
  }
  return exitCodes.succeeded;
};
