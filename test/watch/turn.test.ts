import { expect, test } from 'vitest';
import { job } from '../kit/job.ts';
import { outcomeLines, service } from '../kit/watch.ts';

const minute = (at: number) => `2026-11-22T07:${String(at).padStart(2, '0')}:00Z`;
const idOf = (slot: string) => `report_${slot.replaceAll(/[-:]/g, '')}`;

test('a missed slot takes its turn among runs that are as long as the period of their job', async () => {
  const one = await service(job({ schedule: { rate: '1 minute', start: '2026-11-22T07:00:00' } }), minute(0));
  await one.look();
  const ended = new Set<string>();
  // Each slot is delivered, but for that of 07:03. A run ends just after the next slot was due.
  for (let at = 1; at <= 12; at += 1) {
    one.at(minute(at));
    if (at !== 3) await one.deliver(minute(at));
    if (at % 5 === 0) await one.look();
    const open = (await one.runs()).find(
      ({ id, outcome }) => outcome === null && one.world.executions.has(id) && !ended.has(id),
    );
    if (open && open.slot < minute(at)) {
      ended.add(open.id);
      await one.ends(open.id);
    }
  }
  const lines = outcomeLines(await one.runs());
  expect(one.world.executions.has(idOf(minute(3)))).toBe(true);
  expect(lines).toContain(`${minute(3)} succeeded`);
});
