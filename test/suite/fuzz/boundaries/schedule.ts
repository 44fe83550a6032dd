import fc from 'fast-check';
import { boundsOf, slotsAfter } from '../../../../lib/schedule/calendar.ts';
import { Schedule, scheduleExpression } from '../../../../lib/schedule/schedule.ts';
import { boundary, broken } from '../boundary.ts';
import { changed, edits, jsonEdit } from '../hostile-json.ts';
import { edited, textEdit } from '../hostile-text.ts';
import { scheduleFields } from '../job-grammar.ts';

const cases = fc.record({
  fields: scheduleFields,
  changes: edits(jsonEdit, 24),
  scratches: edits(textEdit, 2),
});

/** The form of EventBridge Scheduler's expressions. */
const expressionForm =
  /^(cron\([0-9*,/-]+ [0-9*,/-]+ ([0-9*,/-]+|\?|LW?|\d+W) [0-9A-Z*,/-]+ ([0-9A-Z*,-]+|\?|L|\w+L|\w+#[1-5]) [0-9*,/-]+\)|rate\([1-9]\d* (minute|hour|day)s?\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))$/;
const after = new Date('2026-11-22T07:00:00Z');

const acceptedFault = (schedule: Schedule): string | undefined => {
  const expression = scheduleExpression(schedule);
  if (!expressionForm.test(expression) || expression.length > 256) return `becomes the expression ${expression}`;
  const slots = slotsAfter(schedule, after, { anchor: after })
    .take(3)
    .map(({ slot }) => slot)
    .toArray();
  const rising = slots.every((slot, at) => slot > (slots[at - 1] ?? '2026-11-22T07:00:00Z'));
  if (!rising) return `has the slots ${slots.join()}`;
  const { start = '', end = '9999' } = boundsOf(schedule);
  return slots.every((slot) => slot >= start && slot <= end)
    ? undefined
    : `has the slots ${slots.join()} outside ${start} to ${end}`;
};

const scratched = (fields: unknown, scratches: Parameters<typeof edited>[1]): unknown => {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value], at) => [
      key,
      at === 0 && typeof value === 'string' ? edited(value, scratches) : value,
    ]),
  );
};

/** The schedule of a job file: cron, rate or at, valid and damaged. */
export const schedule = () =>
  boundary({
    cases,
    judge: ({ fields, changes, scratches }) => {
      const value = scratched(changed(fields, changes), scratches);
      const read = Schedule.safeParse(value);
      if (read.success) {
        const fault = acceptedFault(read.data);
        return fault ? broken(`the schedule ${fault}`) : 'accepted';
      }
      if (changes.length === 0 && scratches.length === 0)
        return broken('a valid schedule is refused', read.error.issues);
      const silent = read.error.issues.some(({ message }) => message.trim() === '');
      return silent ? broken('a refusal has no message', read.error.issues) : 'InvalidJob';
    },
  });
