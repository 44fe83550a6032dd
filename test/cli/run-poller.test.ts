import { expect, test } from 'vitest';
import { runPoller } from '../../infra/cli/dev/run-poller.ts';
import { reportService } from '../kit/report-service.ts';
import { ids, slots } from '../kit/report-slots.ts';

test('reports a queued run as queued, then as started, then as ended', async () => {
  const { deliver, ends, stores } = await reportService({ overlap: 'queue-one' });
  const [one, two, three] = ids;
  const poller = runPoller(new Date(0));
  const events = async () => {
    const sightings = [...(await poller.follow(stores)), ...(await poller.scan(['report'], stores, { limit: 10 }))];
    return sightings.map((one) => `${one.event} ${'run' in one ? one.run : ''}`);
  };
  await deliver(slots[0]);
  await deliver(slots[1]);
  expect(await events()).toEqual([`started ${one}`, `queued ${two}`]);
  expect(await events()).toEqual([]);
  await ends(one);
  expect(await events()).toEqual([`ended ${one}`, `started ${two}`]);
  await ends(two);
  expect(await events()).toEqual([`ended ${two}`]);
  await deliver(slots[2]);
  await ends(three);
  expect(await events()).toEqual([`started ${three}`, `ended ${three}`]);
});
