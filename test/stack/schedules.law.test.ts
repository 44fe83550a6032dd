import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleId } from '../../infra/stack/schedules.ts';
import { JobName } from '../../lib/job/job.ts';
import type { Schedule } from '../../lib/schedule/schedule.ts';

const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/).filter((name) => JobName.safeParse(name).success);

const every: Schedule = { rate: '1 day', timezone: 'UTC' };
const once = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
  .map((date): Schedule => ({ at: date.toJSON().slice(0, 19), timezone: 'UTC' }));
const plans = fc.oneof(fc.constant(every), once);

describe("a schedule's logical id", () => {
  it('is valid in CloudFormation', () => {
    fc.assert(
      fc.property(names, plans, (name, schedule) => {
        expect(scheduleId({ name, schedule })).toMatch(/^[A-Za-z0-9]{1,255}$/);
      }),
    );
  });

  it('differs for every two names', () => {
    const close = names.chain((name) =>
      fc.tuple(
        fc.constant(name),
        fc.oneof(
          names,
          fc.constantFrom(
            name.replaceAll('-', ''),
            name.replaceAll('-', 'dash'),
            `${name}-`,
            `${name}at20261224t180000`,
          ),
        ),
      ),
    );
    fc.assert(
      fc.property(close, plans, plans, ([a, b], first, second) => {
        const same = a === b && first.at === second.at;
        expect(scheduleId({ name: a, schedule: first }) === scheduleId({ name: b, schedule: second })).toBe(same);
      }),
    );
  });
});
