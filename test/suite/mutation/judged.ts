import type { Change } from './survivor.ts';

/** Changes that no quick test sees, each with the reason why that is right. */
export const judged: (Change & { why: string })[] = [
  {
    file: 'lib/run/effect-count.ts',
    was: 'a.key < b.key',
    becomes: 'a.key <= b.key',
    why: 'Equal: no two effects of a run have one key.',
  },
  {
    file: 'lib/schedule/cron.ts',
    was: '[]',
    becomes: '["Stryker was here"]',
    why: 'Unreachable: an item has a value wherever no item has problems. The type does not know it.',
  },
  {
    file: 'lib/schedule/calendar.ts',
    was: '[]',
    becomes: '["Stryker was here"]',
    why: 'A day that is no number makes no instant, and such a day is left out like an empty list.',
  },
  {
    file: 'lib/schedule/calendar.ts',
    was: 'end !== undefined',
    becomes: 'true',
    why: 'Equal: without an end the comparison is with NaN, which is false.',
  },
  {
    file: 'lib/run/json-answer.ts',
    was: 'end === undefined',
    becomes: 'false',
    why: 'Equal: a span without an end is the rest of the text, which is no JSON, because its bracket is not closed.',
  },
  {
    file: 'lib/run/step.ts',
    was: 'asked.length > 0',
    becomes: 'true',
    why: 'Equal: a message with results has at least one, so no call makes the lists differ.',
  },
  {
    file: 'lib/run/step.ts',
    was: 'asked.length > 0',
    becomes: 'asked.length >= 0',
    why: 'Equal, for the same reason.',
  },
];
