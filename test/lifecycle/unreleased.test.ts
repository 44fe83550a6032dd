import { expect, test } from 'vitest';
import { freshState } from '../../lib/policy/job-state.ts';
import { leaseOf } from '../../lib/policy/lease.ts';
import type { Run } from '../../lib/run/run.ts';
import { runOf, succeeded } from '../kit/explained.ts';
import { job } from '../kit/job.ts';
import { service } from '../kit/watch.ts';

const [six, seven] = ['2026-11-22T06:00:00Z', '2026-11-22T07:00:00Z'];

/** A job whose run of six o'clock succeeded, and whose settle died before it released the run. */
const unreleased = async (fields: Record<string, unknown>, more: (run: Run) => object) => {
  const declared = job({ schedule: { cron: '0 * * * ? *' }, ...fields });
  const one = await service(declared, '2026-11-22T07:00:05Z');
  const run = runOf(declared, six, succeeded(six));
  await one.stores.runs.put(run);
  const open = [leaseOf(run, new Date(six))];
  await one.stores.states.put({ ...freshState('report'), open, version: 1, ...more(run) });
  return one;
};

test('dispatch releases a probe that succeeded, so that the breaker skips nothing', async () => {
  const breaker = ({ id }: Run) => ({ since: six, until: six, delaySeconds: 900, probe: id });
  const one = await unreleased({}, (run) => ({ streak: -5, breaker: breaker(run) }));
  expect(await one.deliver(seven)).toMatchObject({ status: 'started' });
  expect(await one.stores.states.get('report')).toMatchObject({ breaker: null, streak: 1 });
});

test.each(['skip', 'queue-one', 'cancel-previous'])(
  'dispatch starts a slot behind a run that has ended (%s)',
  async (overlap) => {
    const one = await unreleased({ overlap }, () => ({}));
    expect(await one.deliver(seven)).toMatchObject({ status: 'started' });
  },
);
