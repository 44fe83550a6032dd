import type { Job } from '../../../lib/job/job.ts';
import { freshState } from '../../../lib/policy/job-state.ts';
import { type ComingSlot, comingSlots } from '../../../lib/report/coming-slot.ts';
import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { anchorOf } from '../../../lib/report/why.ts';
import { type Due, slotsAfter } from '../../../lib/schedule/calendar.ts';
import { weekday } from '../../../lib/schedule/local-date.ts';
import { type Schedule, scheduleExpression } from '../../../lib/schedule/schedule.ts';
import { openZone, type WallTime, wallTime, type Zone } from '../../../lib/schedule/time-zone.ts';
import { mustBeDeclared, readDeclared } from '../client/job-files.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson, NextJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { json } from '../print/sanitize.ts';
import { tableLines } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';

export type NextOptions = Target & { infra: string; count: number; json?: boolean };

/** The special condition of a slot, in words. Undefined if EventBridge fires it and it runs. */
const remark = ({ slot, by, skip }: Due, zone: Zone): string | undefined => {
  if (skip === 'excluded') return 'not run: this date is excluded';
  if (skip === 'fold') return 'not run: this time comes twice, and the second is meant';
  if (by === 'schedule') return undefined;
  const instant = Date.parse(slot);
  const jumped = zone.offsetAt(instant) > zone.offsetAt(instant - 1000);
  return `by the watchman: ${jumped ? 'clocks jumped over its own time' : 'the second of a time that comes twice'}`;
};

/** How many of a job's last runs are looked through for one that its schedule delivered: a rate counts from it. */
const maxRunsRead = 50;

type Coming = { due: Due; wall: WallTime; remark: string | undefined };

const refusedText = ({ refused }: ComingSlot): string | undefined =>
  refused && `would be skipped: ${refused.message ?? refused.why}`;

const coming = (slot: ComingSlot, zone: Zone): Coming => ({
  due: slot.due,
  wall: wallTime(slot.due.slot, zone),
  remark: remark(slot.due, zone) ?? refusedText(slot),
});

/** What is known of a job beside its file: its state, the instant from which its rate counts, and whether the watchman has checked it. */
const knownOf = async (job: Job, options: NextOptions, now: Date) => {
  const known = await reading(options, async ({ stores }) => ({
    state: await stores.states.get(job.name),
    checkpoint: await stores.checkpoints.get(job.name),
    runs: await stores.runs.byJob(job.name, { limit: maxRunsRead }),
  }));
  const { state, checkpoint, runs = [] } = known ?? {};
  return {
    state: state ?? freshState(job.name),
    anchor: anchorOf(job, checkpoint, runs, now),
    isWatched: checkpoint !== undefined,
  };
};

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

const forPrograms = ({ name, schedule, enabled }: Job, all: Coming[]): NextJson => ({
  job: name,
  expression: scheduleExpression(schedule),
  timezone: schedule.timezone,
  english: inEnglish(schedule),
  enabled,
  slots: all.map(slotJson),
});

const unwatched =
  'No watchman has checked the job yet: nothing runs before it is deployed, or `npm run dev` runs here.';

const print = (
  { schedule, enabled }: Job,
  all: Coming[],
  { anchor, isWatched }: Awaited<ReturnType<typeof knownOf>>,
  count: number,
  out: Terminal,
): void => {
  out.say(`${inEnglish(schedule)}, ${schedule.timezone}  (${scheduleExpression(schedule)})`);
  if (!enabled) out.say('The job is disabled: no schedule is deployed, and a slot would be recorded as skipped.');
  else if (!isWatched) out.say(unwatched);
  if (!anchor.known) out.say('Counted from now; deployed, a rate counts from the creation of its schedule.');
  const rows = all.map((each) => row(each, schedule));
  if (rows.length > 0) out.print(tableLines([{ title: 'local time' }, { title: 'slot' }, { title: '' }], rows));
  if (rows.length < count) out.say(rest(schedule, rows.length));
};

/**
 * Prints a job's next slots in local time and UTC. It marks clock changes, slots that will not run, and slots the watchman starts. A rate counts
 * from the creation of its schedule: where no slot was delivered yet, its slots are shown as if it were created now. Throws UnknownJob.
 */
export const next = async (name: string, options: NextOptions, out: Terminal): Promise<number> => {
  const declared = await readDeclared(options.infra);
  mustBeDeclared(name, declared);
  const now = new Date();
  for (const job of declared.jobs.filter((one) => one.name === name)) {
    const known = await knownOf(job, options, now);
    const zone = openZone(job.schedule.timezone);
    const anchor = known.anchor.known ? known.anchor.at : now;
    const slots = comingSlots({ ...job, enabled: true }, { state: known.state, anchor, now, count: options.count });
    const all = slots.map((slot) => coming(slot, zone));
    if (options.json) out.say(json(forPrograms(job, all) satisfies CommandJson['next']));
    else print(job, all, known, options.count, out);
  }
  return exitCodes.succeeded;
};
