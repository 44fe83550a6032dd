import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { boundsOf, type Due, slotsAfter } from '../../../lib/schedule/calendar.ts';
import { weekday } from '../../../lib/schedule/local-date.ts';
import { type Schedule, scheduleExpression } from '../../../lib/schedule/schedule.ts';
import { openZone, type WallTime, wallTime, type Zone } from '../../../lib/schedule/time-zone.ts';
import { mustBeDeclared, readDeclared } from '../client/job-files.ts';
import type { CommandJson, NextJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { json } from '../print/sanitize.ts';
import { tableLines } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';

export type NextOptions = { infra: string; count: number; json?: boolean };

/** The special condition of a slot, in words. Undefined if EventBridge fires it and it runs. */
const remark = ({ slot, by, skip }: Due, zone: Zone): string | undefined => {
  if (skip === 'excluded') return 'not run: this date is excluded';
  if (skip === 'fold') return 'not run: this time comes twice, and the second is meant';
  if (by === 'schedule') return undefined;
  const instant = Date.parse(slot);
  const jumped = zone.offsetAt(instant) > zone.offsetAt(instant - 1000);
  return `by the watchman: ${jumped ? 'clocks jumped over its own time' : 'the second of a time that comes twice'}`;
};

/** Whether the shown slots of a rate count from now. A future start is the anchor itself. */
const isCountedFromNow = (schedule: Schedule, now: Date): boolean => {
  const { start } = boundsOf(schedule);
  return schedule.rate !== undefined && (start === undefined || new Date(start) <= now);
};

type Coming = { due: Due; wall: WallTime; remark: string | undefined };

const coming = (due: Due, zone: Zone): Coming => ({ due, wall: wallTime(due.slot, zone), remark: remark(due, zone) });

const slotJson = ({ due, wall, remark }: Coming): NextJson['slots'][number] => ({
  slot: due.slot,
  local: wall.local,
  offset: wall.offset,
  note: wall.note ?? null,
  firedBy: due.by,
  skip: due.skip ?? null,
  remark: remark ?? null,
});

const row = ({ wall: { slot, local, offset, note }, remark }: Coming, { timezone }: Schedule) => [
  `${weekday(slot, timezone).slice(0, 3)} ${local} ${offset}`,
  slot,
  { text: [note, remark].filter((text) => text !== undefined).join('; '), tone: 'warn' as const },
];

/** The sentence that follows a job's last slot. */
const rest = (schedule: Schedule, found: number): string => {
  if (found > 0) return 'It has no slot after these.';
  const [first] = slotsAfter(schedule, new Date(0), { anchor: new Date(0) });
  return first ? 'It has no slot left.' : 'It has no slot: clocks jump over its time, or its bounds leave none.';
};

/**
 * Prints a job's next slots in local time and UTC. It marks clock changes, slots that will not run, and slots the watchman starts. A rate counts
 * from the creation of its schedule, which is unknown here: its slots are shown as if it were created now. Throws UnknownJob.
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
    const dues = slotsAfter(schedule, now, { anchor: now }).take(count).toArray();
    const all = dues.map((due) => coming(due, zone));
    const [expression, english] = [scheduleExpression(schedule), inEnglish(schedule)];
    if (wantsJson) {
      const about = { job: name, expression, timezone: schedule.timezone, english, enabled };
      out.say(json({ ...about, slots: all.map(slotJson) } satisfies CommandJson['next']));
      continue;
    }
    out.say(`${english}, ${schedule.timezone}  (${expression})`);
    if (!enabled) out.say('The job is disabled: no schedule is deployed, and a slot would be recorded as skipped.');
    if (isCountedFromNow(schedule, now))
      out.say('Counted from now; deployed, a rate counts from the creation of its schedule.');
    const columns = [{ title: 'local time' }, { title: 'slot' }, { title: '' }];
    const rows = all.map((each) => row(each, schedule));
    if (rows.length > 0) out.print(tableLines(columns, rows));
    if (rows.length < count) out.say(rest(schedule, rows.length));
  }
  return exitCodes.succeeded;
};
