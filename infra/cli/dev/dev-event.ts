import type { Slot } from '../../../lib/schedule/slot.ts';
import type { DevEvent } from '../contract/dev-event.ts';
import { cost, count, counted, duration } from '../print/format.ts';
import { type Line, type Segment, toned } from '../print/line.ts';
import { brief } from '../print/sanitize.ts';
import { localized, localText } from '../print/time.ts';

/** How slots are written: in the time zone of their job, and without the date where they are of today. */
export type Writing = { now: Date; zoneOf(job: string): string; jobWidth: number };

const two = (value: number): string => String(value).padStart(2, '0');

/** The time of day in this machine's zone. */
const clockText = (now: Date): string => [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');

const slotText = (slot: Slot, job: string, { now, zoneOf }: Writing): string => {
  const zone = zoneOf(job);
  const [text, today] = [localText(slot, zone), localText(now, zone)];
  return text.slice(0, 14) === today.slice(0, 14) ? text.slice(15) : text;
};

const spanText = (first: Slot, last: Slot, job: string, writing: Writing): string =>
  first === last
    ? slotText(first, job, writing)
    : `${slotText(first, job, writing)} to ${slotText(last, job, writing)}`;

const reasonText = (reasons: (string | null)[]): string =>
  reasons
    .filter((reason) => reason !== null && reason !== '')
    .map((reason) => `: ${brief(reason ?? '', 300)}`)
    .join('');

type Ended = Extract<DevEvent, { event: 'ended' }>;

const endedText = ({ slot, job, ...how }: Ended, writing: Writing): Segment[] => {
  const when = slotText(slot, job, writing);
  const { status, attempts, durationMs, usd } = how;
  const message = how.message && localized(how.message, writing.zoneOf(job));
  if (status === 'missed') return [toned('bad', `✗ ${when} missed`), reasonText([message])];
  const by = how.standIn === null ? '' : ` (see ${how.standIn})`;
  if (status === 'skipped')
    return [toned('warn', `– ${when} skipped`), reasonText([how.why, message]), toned('dim', message ? '' : by)];
  const spent = toned('dim', `, ${duration(durationMs)}, ${cost(usd)}`);
  const after = `after ${counted(attempts ?? 0, 'attempt')}`;
  if (status === 'failed')
    return [toned('bad', `✗ ${when} failed ${after}`), reasonText([how.failure, message]), spent];
  return [toned('good', `✓ ${when} succeeded ${after}`), spent];
};

type Started = Extract<DevEvent, { event: 'started' }>;

const startedText = ({ slot, job, run, origin, slotCount, goesOn }: Started, writing: Writing): Segment[] => {
  const starter = { watchman: ' by the watchman', person: ' by hand' }[origin] ?? '';
  const verb = goesOn ? 'continues' : `started${starter}`;
  const covered = slotCount > 1 ? `, for ${count(slotCount)} slots` : '';
  return [`▸ ${slotText(slot, job, writing)} ${verb}${covered}`, toned('dim', `  ${run}`)];
};

const listed = (words: [string, string[]][]): string =>
  words.flatMap(([what, names]) => (names.length > 0 ? [`${what} ${names.join(', ')}`] : [])).join('; ');

type Texts = {
  [Event in DevEvent['event']]: (one: Extract<DevEvent, { event: Event }>, writing: Writing) => Segment[];
};

const texts: Texts = {
  began: ({ jobCount, data }) => [
    `${counted(jobCount, 'job')}, data in ${data}. `,
    toned('dim', 'Times at the left are those of this machine, slots are in the time zone of their job. Ctrl-C stops.'),
  ],
  schedule: ({ job, english, timezone, enabled, next }, writing) => {
    if (!enabled) return [toned('dim', '  disabled in its file: it has no slots')];
    const when = next === null ? 'it has no slot left' : `next ${slotText(next, job, writing)}`;
    return [`  ${when}`, toned('dim', `  ${english}, ${timezone}`)];
  },
  fired: ({ job, slot }, writing) => [toned('dim', `  ${slotText(slot, job, writing)} is due`)],
  queued: ({ job, slot, run }, writing) => [
    toned('warn', `  ${slotText(slot, job, writing)} waits in the queue`),
    toned('dim', `  ${run}`),
  ],
  started: startedText,
  'attempt-failed': ({ job, slot, attempt, failure, message, delaySeconds }, writing) => [
    toned('warn', `  ${slotText(slot, job, writing)} attempt ${attempt}: ${failure}`),
    reasonText([message]),
    toned('warn', delaySeconds === null ? '; gives up' : `; waits ${delaySeconds} s, then attempt ${attempt + 1}`),
  ],
  ended: endedText,
  unrun: ({ job, status, why, slotCount: number, first, last }, writing) => [
    toned(
      status === 'missed' ? 'bad' : 'warn',
      `${status === 'missed' ? '✗' : '–'} ${counted(number, 'slot')} ${status}`,
    ),
    reasonText([why]),
    `, ${spanText(first, last, job, writing)}`,
  ],
  undelivered: ({ function: name, slot, job, failure, message }, writing) => [
    toned('bad', `✗ ${job && slot ? `${slotText(slot, job, writing)} could not be delivered` : `${name} failed`}`),
    reasonText([failure, message]),
    toned('dim', '  (in dead-letters.jsonl)'),
  ],
  'passed-over': ({ job, slotCount: number, more, first, last }, writing) => [
    toned('warn', `– ${counted(number, 'slot')}${more ? ' or more' : ''} not fired in time`),
    `, ${spanText(first, last, job, writing)}; the watchman handles ${number === 1 ? 'it' : 'them'} within minutes`,
  ],
  slept: ({ from, to }) => [
    toned(
      'warn',
      `this machine slept for ${duration(Date.parse(to) - Date.parse(from))}; the watchman checks all jobs now`,
    ),
  ],
  closed: ({ job, from, to }, writing) => [
    toned('bad', '✗ missed: all slots without a run'),
    `, ${spanText(from, to, job, writing)}; the watchman was away too long to judge each`,
  ],
  drift: ({ differences }) => [
    toned('warn', '! the deployed schedule differs from the job file'),
    reasonText(differences),
  ],
  mended: ({ run, was }) => [toned('warn', `! ${run} was ${was}; the watchman corrected it`)],
  stale: () => [toned('bad', '✗ no run has succeeded by the time that freshBy sets')],
  files: ({ created, updated, removed }) => [
    'job files read again: ',
    listed([
      ['new', created],
      ['changed', updated],
      ['gone', removed],
    ]) || 'no schedule changed',
  ],
  invalid: () => [toned('bad', 'job files have errors; the last valid ones stay in use:')],
  'service-ended': () => [toned('bad', 'the local service has ended; it is being started again')],
  'service-back': () => ['the local service runs again; open runs continue'],
  stopped: ({ open }) => [
    'Stopped: no job is started until the next `npm run dev`. ',
    open.length === 0
      ? 'No run is open.'
      : `${counted(open.length, 'open run')} ${open.length === 1 ? 'continues' : 'continue'}: ${open.join(', ')}`,
  ],
};

/** Events of the command itself: their lines have neither a time nor a job. */
const ofTheCommand: DevEvent['event'][] = ['began', 'stopped'];

/** An event as lines for a terminal: the time, the job, and what happened. */
export const devEventLines = (one: DevEvent, writing: Writing): Line[] => {
  const text = texts[one.event] as (one: DevEvent, writing: Writing) => Segment[];
  const job = 'job' in one && one.job !== null ? one.job : '';
  const head = [toned('dim', `${clockText(writing.now)}  `), toned('strong', job.padEnd(writing.jobWidth)), '  '];
  const line: Line = {
    key: '',
    whole: true,
    segments: [...(ofTheCommand.includes(one.event) ? [] : head), ...text(one, writing)],
  };
  const more = one.event === 'invalid' ? one.problems : [];
  return [line, ...more.map((problem): Line => ({ key: '', whole: true, segments: [`  ${problem}`] }))];
};
