import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleId } from '../infra/schedules.ts';
import { JobName } from '../lib/job.ts';

const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/).filter((name) => JobName.safeParse(name).success);

describe("a schedule's logical id", () => {
  it('is one CloudFormation takes', () => {
    fc.assert(
      fc.property(names, (name) => {
        expect(scheduleId(name)).toMatch(/^[A-Za-z0-9]{1,255}$/);
      }),
    );
  });

  it('is another one for every other name', () => {
    const close = names.chain((name) =>
      fc.tuple(
        fc.constant(name),
        fc.oneof(names, fc.constantFrom(name.replaceAll('-', ''), name.replaceAll('-', 'dash'), `${name}-`)),
      ),
    );
    fc.assert(
      fc.property(close, ([a, b]) => {
        expect(scheduleId(a) === scheduleId(b)).toBe(a === b);
      }),
    );
  });
});
