import { expect, test } from 'vitest';
import { runPoller } from '../../infra/cli/dev/run-poller.ts';
import { ids, reports, slots } from '../kit/report-service.ts';

test('a run that waits in the queue is told of as waiting, then as started, then as ended', async () => {
  const { deliver, ends, stores } = await reports({ overlap: 'queue-one' });
  const [one, two, three] = ids;
  const seen = runPoller(new Date(0));
  const told = async () => {
    const sightings = [...(await seen.follow(stores)), ...(await seen.scan(['report'], stores, { limit: 10 }))];
    return sightings.map((one) => `${one.event} ${'run' in one ? one.run : ''}`);
  };
  await deliver(slots[0]);
  await deliver(slots[1]);
  expect(await told()).toEqual([`started ${one}`, `queued ${two}`]);
  expect(await told()).toEqual([]);
  await ends(one);
  expect(await told()).toEqual([`ended ${one}`, `started ${two}`]);
  await ends(two);
  expect(await told()).toEqual([`ended ${two}`]);
  await deliver(slots[2]);
  await ends(three);
  expect(await told()).toEqual([`started ${three}`, `ended ${three}`]);
});
