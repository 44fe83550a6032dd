import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttemptInput } from '../../lib/run/attempt.ts';
import { executionInput, firstInput } from '../../lib/run/execution.ts';
import { runId } from '../../lib/run/run.ts';
import { Slot, slotAt } from '../../lib/schedule/slot.ts';
import { noUsage } from '../../lib/usage.ts';
import { job } from '../kit/job.ts';
import { plays } from '../kit/law-plays.ts';

const anySlot = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2199-01-01'), noInvalidDate: true })
  .map((date) => slotAt(date));

describe('the input of an execution', () => {
  it('starts with the first attempt of the run, without usage or a previous failure', () => {
    const id = 'report_20261122T070000Z';
    expect(firstInput(id)).toEqual({ runId: id, attempt: 1, version: 0, spent: noUsage, note: null });
    expect(AttemptInput.safeParse(firstInput(id)).success).toBe(true);
  });

  it('starts a run no earlier than its slot and no later than its spread', () => {
    fc.assert(
      fc.property(anySlot, fc.integer({ min: 0, max: 3600 }), (slot, spreadSeconds) => {
        const { notBefore, first } = executionInput({
          id: runId({ job: 'report', slot }),
          job: job({ spreadSeconds }),
          slot,
        });
        const waitMs = Date.parse(notBefore) - Date.parse(slot);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(spreadSeconds * 1000);
        // The state machine's Wait takes an instant of this form.
        expect(Slot.safeParse(notBefore).success).toBe(true);
        expect(first).toEqual(firstInput(runId({ job: 'report', slot })));
      }),
      { numRuns: plays(30) },
    );
  });

  it('is equal for each delivery of a slot, so that Step Functions accepts a second start', () => {
    const run = { id: 'report_20261122T070000Z', job: job({ spreadSeconds: 3600 }), slot: '2026-11-22T07:00:00Z' };
    expect(executionInput(run)).toEqual(executionInput(structuredClone(run)));
    expect(executionInput(run).notBefore).not.toBe(run.slot);
  });
});
