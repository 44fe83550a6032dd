import { describe, expect, test } from 'vitest';
import type { Due } from '../../lib/schedule/calendar.ts';
import { catchUp, promisedOf } from '../../lib/watch/catch-up.ts';
import { runOf, skip, succeeded } from '../kit/explained.ts';
import { job } from '../kit/job.ts';
import { outcomeLines, service } from '../kit/watch.ts';

const hour = (number: number) => `2026-11-22T0${number}:00:00Z`;
const due: Due[] = [1, 2, 3].map((number) => ({ slot: hour(number), by: 'schedule' }));
const idOf = (slot: string) => `report_${slot.replaceAll(/[-:]/g, '')}`;

/** The check at half past three of a job whose three slots were not delivered. */
const late = async (fields: Record<string, unknown>, lost = due) => {
  const declared = job({ schedule: { cron: '0 * * * ? *' }, ...fields });
  const { deps, runs } = await service(declared, '2026-11-22T03:30:00Z');
  const found = await catchUp(declared, lost, [], deps);
  return { found, outcomes: outcomeLines(await runs()), last: (await runs()).at(-1) };
};

describe('catch-up of slots that were not delivered', () => {
  test('covers them all with one run of the last slot (latest)', async () => {
    const { found, outcomes, last } = await late({});
    expect(found).toEqual({ missed: [], covered: [hour(1), hour(2)], started: [hour(3)], left: undefined });
    expect(outcomes).toEqual([`${hour(1)} skipped caught-up`, `${hour(2)} skipped caught-up`, `${hour(3)} open`]);
    expect(last).toMatchObject({ origin: 'watchman', slots: [hour(1), hour(2), hour(3)] });
  });

  test('starts as many runs as the job allows at once, and leaves the rest to the next check (all)', async () => {
    const { found } = await late({ catchUp: { policy: 'all', atOnce: 2 }, overlap: 'allow' });
    expect(found).toEqual({ missed: [], covered: [], started: [hour(1), hour(2)], left: hour(3) });
  });

  test('records them as missed (none)', async () => {
    const { found, last } = await late({ catchUp: { policy: 'none' } });
    expect(found).toEqual({ missed: [hour(1), hour(2), hour(3)], covered: [], started: [], left: undefined });
    expect(last?.outcome).toMatchObject({ status: 'missed', message: expect.stringMatching(/catchUp is none$/) });
  });

  test('records slots older than catchUp.withinSeconds as missed', async () => {
    const { found } = await late({ catchUp: { withinSeconds: 3600 } });
    expect(found).toMatchObject({ missed: [hour(1), hour(2)], covered: [], started: [hour(3)] });
  });

  test('starts a slot that only the watchman delivers, though the job catches up none', async () => {
    const { found } = await late({ catchUp: { policy: 'none' } }, [{ slot: hour(3), by: 'watchman' }]);
    expect(found).toMatchObject({ missed: [], started: [hour(3)] });
  });
});

describe('a promised run', () => {
  test('is the run that a caught-up slot names, not one that another skip names', () => {
    const report = job();
    const runs = [
      runOf(report, hour(1), skip(hour(1), { why: 'caught-up', by: idOf(hour(3)) })),
      runOf(report, hour(2), skip(hour(2), { why: 'overlap', by: idOf(hour(1)) })),
      runOf(report, hour(4), succeeded(hour(4))),
    ];
    expect(promisedOf(runs)).toEqual(new Set([idOf(hour(3))]));
  });
});
