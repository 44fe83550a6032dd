import cronstrue from 'cronstrue';
import { boundsOf, type Due, slotsAfter } from '../../lib/calendar.ts';
import { type Schedule, scheduleExpression, weekday } from '../../lib/schedule.ts';
import { openZone, type WallTime, wallTime, type Zone } from '../../lib/zone.ts';
import { counted } from './amount.ts';
import { mustBeDeclared, readDeclared } from './declared.ts';
import { exitCodes } from './ending.ts';
import { json } from './plain.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

export type NextOptions = { infra: string; count: number; json?: boolean };

const written = (moment: string): string => moment.replace('T', ' ').replace(/:00$/, '');

const recurrence = (schedule: Schedule): string => {
  if (schedule.cron === undefined)
    return schedule.rate === undefined ? `Once, at ${written(schedule.at)}` : `Every ${schedule.rate.trim()}`;
  return cronstrue.toString(schedule.cron, { dayOfWeekStartIndexZero: false, use24HourTimeFormat: true });
};

/** A schedule in English. Its days of the week count from 1 = Sunday, as EventBridge's do. */
export const inEnglish = (schedule: Schedule): string => {
  const { start, end, exclude = [] } = schedule;
  const bounds = [...(start ? [`from ${written(start)}`] : []), ...(end ? [`until ${written(end)}`] : [])].join(' ');
  const parts = [
    recurrence(schedule),
    bounds,
    exclude.length > 0 ? `except on ${counted(exclude.length, 'date')}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
};

/** What is special about a slot, in words; nothing where EventBridge fires it and it runs. */
const remark = ({ slot, by, skip }: Due, zone: Zone): string | undefined => {
  if (skip === 'excluded') return 'not run: this date is excluded';
  if (skip === 'fold') return 'not run: this time comes twice, and the second is meant';
  if (by === 'schedule') return undefined;
  const instant = Date.parse(slot);
  const jumped = zone.offsetAt(instant) > zone.offsetAt(instant - 1000);
  return `by the watchman: ${jumped ? 'clocks jumped over its own time' : 'the second of a time that comes twice'}`;
};

/** A rate counts from a start that is to come; from one that has passed only where its schedule was made before. */
const isCountedFromNow = (schedule: Schedule, now: Date): boolean => {
  const { start } = boundsOf(schedule);
  return schedule.rate !== undefined && (start === undefined || new Date(start) <= now);
};

type Coming = { due: Due; wall: WallTime; remark: string | undefined };

const coming = (due: Due, zone: Zone): Coming => ({ due, wall: wallTime(due.slot, zone), remark: remark(due, zone) });

const row = ({ wall: { slot, local, offset, note }, remark }: Coming, { timezone }: Schedule) => [
  `${weekday(slot, timezone).slice(0, 3)} ${local} ${offset}`,
  slot,
  { text: [note, remark].filter((text) => text !== undefined).join('; '), tone: 'warn' as const },
];

/** What a person is told after the slots there are, where there are no more. */
const rest = (schedule: Schedule, found: number): string => {
  if (found > 0) return 'It has no slot after these.';
  const [first] = slotsAfter(schedule, new Date(0), { anchor: new Date(0) });
  return first ? 'It has no slot left.' : 'It has no slot: clocks jump over its time, or its bounds leave none.';
};

/**
 * Prints the next slots of a job, in its own time and in UTC, with the days on which clocks change, the slots that will not run and
 * those that the watchman starts. A rate counts from its schedule's creation, which is not known here: its slots are shown as if it
 * were created now. Throws UnknownJob.
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
      const slots = all.map(({ due, wall, remark }) => ({ ...wall, ...due, ...(remark && { remark }) }));
      out.say(json({ job: name, expression, timezone: schedule.timezone, english, enabled, slots }));
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
