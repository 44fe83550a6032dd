import { localDate, localTime, weekday } from '../schedule/local-date.ts';
import type { Slot } from '../schedule/slot.ts';

/** The placeholders of a prompt, `${word}`, with their meaning. Dates and times are the slot's, in the job's time zone. */
export const placeholders = {
  slot: 'the slot in UTC, 2026-11-22T07:00:00Z',
  slots: 'all slots that the run covers, its own last; several if the run catches up',
  since: 'the slot of the last run that succeeded, or “never”',
  date: 'its local date, 2026-11-22',
  time: 'its local time, 08:00',
  weekday: 'its local weekday, Sunday',
  timezone: 'the time zone, Europe/Amsterdam',
  job: 'the name of the job',
  run: 'the id of the run',
} as const;

type Placeholder = keyof typeof placeholders;

/** `$${` means a literal `${`. */
const pattern = /\$\$\{|\$\{([^{}]*)\}/g;

const isPlaceholder = (word: string): word is Placeholder => Object.hasOwn(placeholders, word);

/** The placeholders in a text that do not exist. */
export const unknownPlaceholders = (text: string): string[] =>
  [...text.matchAll(pattern)].flatMap(([, word]) => (word === undefined || isPlaceholder(word) ? [] : [word]));

/** Replaces a text's placeholders by the values of one run. The same run always gives the same text. */
export const fillPlaceholders = (
  text: string,
  run: {
    id: string;
    job: string;
    slot: Slot;
    timezone: string;
    slots?: Slot[] | undefined;
    since?: Slot | null | undefined;
  },
): string => {
  const instant = new Date(run.slot);
  const values: Record<Placeholder, () => string> = {
    slot: () => run.slot,
    slots: () => (run.slots ?? [run.slot]).join(', '),
    since: () => run.since ?? 'never',
    date: () => localDate(instant, run.timezone),
    time: () => localTime(instant, run.timezone),
    weekday: () => weekday(instant, run.timezone),
    timezone: () => run.timezone,
    job: () => run.job,
    run: () => run.id,
  };
  return text.replaceAll(pattern, (whole, word: string | undefined) => {
    if (word === undefined) return '${';
    return isPlaceholder(word) ? values[word]() : whole;
  });
};
