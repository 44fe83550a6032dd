import type { Slot } from '../../../lib/schedule/slot.ts';
import { cost, count, counted, duration } from '../print/format.ts';
import { type Line, type Segment, toned } from '../print/line.ts';
import { brief } from '../print/sanitize.ts';
import { localized, localText } from '../print/time.ts';
import type { Sighting } from './run-poller.ts';

/** Everything `dev` tells of, as a program reads it: one JSON object a line, with `at` beside. Instants are in UTC. */
export type DevEvent =
  | Sighting
  | { event: 'began'; jobs: number; data: string }
  | {
      event: 'schedule';
      job: string;
      enabled: boolean;
      english: string;
      expression: string;
      timezone: string;
      next: Slot | null;
    }
  | { event: 'fired'; job: string; slot: Slot }
  | { event: 'undelivered'; function: string; job: string | null; slot: Slot | null; failure: string; message: string }
  | { event: 'passed-over'; job: string; count: number; more: boolean; first: Slot; last: Slot }
  | { event: 'slept'; from: Slot; to: Slot }
  | { event: 'drift'; job: string; differences: string[] }
  | { event: 'mended'; job: string; run: string; was: string }
  | { event: 'stale'; job: string }
  | { event: 'files'; created: string[]; updated: string[]; removed: string[] }
  | { event: 'invalid'; problems: string[] }
  | { event: 'service-ended' }
  | { event: 'service-back' }
  | { event: 'stopped'; open: string[] };

/** How a job's slots are written: in the job's own zone, and only by the time of day where they are of its today. */
export type Writing = { now: Date; zoneOf(job: string): string; jobWidth: number };

const two = (value: number): string => String(value).padStart(2, '0');

/** The time of day on the wall of whoever reads. */
const wall = (now: Date): string => [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');

const slotText = (slot: Slot, job: string, { now, zoneOf }: Writing): string => {
  const zone = zoneOf(job);
  const [text, today] = [localText(slot, zone), localText(now, zone)];
  return text.slice(0, 14) === today.slice(0, 14) ? text.slice(15) : text;
};

const spanText = (first: Slot, last: Slot, job: string, writing: Writing): string =>
  first === last
    ? slotText(first, job, writing)
    : `${slotText(first, job, writing)} to ${slotText(last, job, writing)}`;

const because = (words: (string | null)[]): string => {
  const said = words.filter((word) => word !== null && word !== '');
  return said.length > 0 ? `: ${said.map((word) => brief(word ?? '', 300)).join(': ')}` : '';
};

type Ended = Extract<DevEvent, { event: 'ended' }>;

const endedText = ({ slot, job, ...how }: Ended, writing: Writing): Segment[] => {
  const when = slotText(slot, job, writing);
  const { status, attempts, durationMs, usd } = how;
  const message = how.message && localized(how.message, writing.zoneOf(job));
  if (status === 'missed') return [toned('bad', `✗ ${when} missed`), because([message])];
  const by = how.by === null ? '' : ` (see ${how.by})`;
  if (status === 'skipped')
    return [toned('warn', `– ${when} skipped`), because([how.why, message]), toned('dim', message ? '' : by)];
  const spent = toned('dim', `, ${duration(durationMs)}, ${cost(usd)}`);
  const after = `after ${counted(attempts ?? 0, 'attempt')}`;
  if (status === 'failed') return [toned('bad', `✗ ${when} failed ${after}`), because([how.why, message]), spent];
  return [toned('good', `✓ ${when} succeeded ${after}`), spent];
};

type Started = Extract<DevEvent, { event: 'started' }>;

const startedText = ({ slot, job, run, origin, slots, goesOn }: Started, writing: Writing): Segment[] => {
  const made = { watchman: ' by the watchman', person: ' by hand' }[origin] ?? '';
  const how = goesOn ? 'goes on' : `started${made}`;
  const stands = slots > 1 ? `, for ${count(slots)} slots` : '';
  return [`▸ ${slotText(slot, job, writing)} ${how}${stands}`, toned('dim', `  ${run}`)];
};

const listed = (words: [string, string[]][]): string =>
  words.flatMap(([what, names]) => (names.length > 0 ? [`${what} ${names.join(', ')}`] : [])).join('; ');

type Texts = {
  [Event in DevEvent['event']]: (one: Extract<DevEvent, { event: Event }>, writing: Writing) => Segment[];
};

const texts: Texts = {
  began: ({ jobs, data }) => [
    `${counted(jobs, 'job')} on ${data}. `,
    toned('dim', 'The clock is yours, slots are in the zone of their job. Ctrl-C stops.'),
  ],
  schedule: ({ job, english, timezone, enabled, next }, writing) => {
    if (!enabled) return [toned('dim', '  disabled: no slot')];
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
    because([message]),
    toned('warn', delaySeconds === null ? '; gives up' : `; waits ${delaySeconds} s, then attempt ${attempt + 1}`),
  ],
  ended: endedText,
  unrun: ({ job, status, why, count: number, first, last }, writing) => [
    toned(
      status === 'missed' ? 'bad' : 'warn',
      `${status === 'missed' ? '✗' : '–'} ${counted(number, 'slot')} ${status}`,
    ),
    because([why]),
    `, ${spanText(first, last, job, writing)}`,
  ],
  undelivered: ({ function: name, slot, job, failure, message }, writing) => [
    toned('bad', `✗ ${job && slot ? `${slotText(slot, job, writing)} could not be delivered` : `${name} failed`}`),
    because([failure, message]),
    toned('dim', '  (in dead-letters.jsonl)'),
  ],
  'passed-over': ({ job, count: number, more, first, last }, writing) => [
    toned('warn', `– ${counted(number, 'slot')}${more ? ' or more' : ''} went by with nobody to fire`),
    `, ${spanText(first, last, job, writing)}: the watchman looks after ${number === 1 ? 'it' : 'them'} within minutes`,
  ],
  slept: ({ from, to }) => [
    toned('warn', `this machine slept for ${duration(Date.parse(to) - Date.parse(from))}; the watchman looks now`),
  ],
  drift: ({ differences }) => [toned('warn', '! schedule'), because(differences)],
  mended: ({ run, was }) => [toned('warn', `! ${run} was ${was}; the watchman put it right`)],
  stale: () => [toned('bad', '✗ no success by the time it was promised (freshBy)')],
  files: ({ created, updated, removed }) => [
    'job files read again: ',
    listed([
      ['new', created],
      ['changed', updated],
      ['gone', removed],
    ]) || 'no schedule changed',
  ],
  invalid: () => [toned('bad', 'job files are wrong; the last good ones stay in force:')],
  'service-ended': () => [toned('bad', 'the local service has ended; starting it again')],
  'service-back': () => ['the local service is back; what was open goes on'],
  stopped: ({ open }) => [
    'Stopped: no slot is fired until the next `npm run dev`. ',
    open.length === 0
      ? 'Nothing was at work.'
      : `${counted(open.length, 'open run')} ${open.length === 1 ? 'goes' : 'go'} on: ${open.join(', ')}`,
  ],
};

const bare: DevEvent['event'][] = ['began', 'stopped'];

/** A happening as lines for people: when by their own clock, which job, what. */
export const devEventLines = (one: DevEvent, writing: Writing): Line[] => {
  const text = texts[one.event] as (one: DevEvent, writing: Writing) => Segment[];
  const job = 'job' in one && one.job !== null ? one.job : '';
  const head = [toned('dim', `${wall(writing.now)}  `), toned('strong', job.padEnd(writing.jobWidth)), '  '];
  const line: Line = {
    key: '',
    whole: true,
    segments: [...(bare.includes(one.event) ? [] : head), ...text(one, writing)],
  };
  const more = one.event === 'invalid' ? one.problems : [];
  return [line, ...more.map((problem): Line => ({ key: '', whole: true, segments: [`  ${problem}`] }))];
};
