import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Job } from '../../../lib/job/job.ts';
import { nextState } from '../../../lib/policy/job-state.ts';
import type { Lease } from '../../../lib/policy/lease.ts';
import { scheduleName } from '../../../lib/schedule/schedule.ts';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { ask, logged, scheduler } from './aws-request.ts';
import { runOf, slotAgo } from './deployed-stage.ts';
import { region } from './emulated-cloud.ts';
import type { Deployed } from './test-stage.ts';

const [wakeUp, deadExecutions] = ['nightshift-test-wake-up', 'nightshift-test-dead-executions'];
const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
const executionOf = (run: string) => `arn:aws:states:${region}:000000000000:execution:nightshift-test:${run}`;

/** Tests of the deployed watchman. Its rule is disabled, so that it runs only when a test invokes it. */
export const watchman = (at: () => Deployed): void => {
  const events = (action: string, body: Record<string, unknown>) => ask(at().cloud.url, 'events', action, body);
  const group = 'groupName=nightshift-test';
  /** Changes a deployed schedule by hand. Scheduler's update replaces the whole schedule. */
  const byHand = async (job: string, change: object) => {
    const { Target, ...schedule } = await at().stage.schedule(job);
    const FlexibleTimeWindow = { Mode: 'OFF' };
    const body = { ...schedule, Target, GroupName: 'nightshift-test', FlexibleTimeWindow, ...change };
    await scheduler(at().cloud.url, 'PUT', `/schedules/${job}`, body);
  };
  const jobOf = async (name: string): Promise<Job> => {
    const file = join(at().service.root, `.build/watchman/config/jobs/${name}.json`);
    return Job.parse(JSON.parse(await readFile(file, 'utf8')));
  };
  const execution = async (run: string) =>
    (await at().stage.machine.send(new DescribeExecutionCommand({ executionArn: executionOf(run) }))).status;
  /** Starts a run whose model does not answer. */
  const hanging = async (slot: string): Promise<string> => {
    const { stage, claude, replies } = at();
    const before = claude.requests.length;
    replies.push({ broken: 'hang' });
    const id = await stage.fire('report', slot);
    await claude.received(before + 1);
    return id;
  };
  /** Moves the lease of the job's only open run in time, instead of waiting for hours. */
  const aged = async (change: Partial<Lease>) => {
    const { states } = at().stage.stores;
    const state = await states.get('report');
    if (!state) throw new Error('the job has no state');
    expect(state.open).toHaveLength(1);
    await states.put(nextState(state, { open: state.open.map((lease) => ({ ...lease, ...change })) }));
  };
  /** Sets the job's checkpoint: slots are accounted for up to this many minutes ago. */
  const notSince = async (name: string, minutes: number) => {
    const { checkpoints } = at().stage.stores;
    const checkpoint = await checkpoints.get(name);
    const to = slotAt(minutesAgo(minutes));
    const { schedule } = await jobOf(name);
    const lookedAt = new Date().toJSON();
    const seen = {
      job: name,
      accountedUpTo: to,
      lookedAt,
      schedule,
      anchor: { at: to, confirmed: false },
      driftSince: null,
    };
    await checkpoints.put({ ...seen, version: (checkpoint?.version ?? 0) + 1 });
  };

  beforeAll(() => events('DisableRule', { Name: wakeUp }));
  afterAll(() => events('EnableRule', { Name: deadExecutions }));

  it('is woken by its own rule, independent of the schedules', async () => {
    const { stage } = at();
    // MiniStack's ticker fires rules. A rate of one minute shortens the wait.
    await events('PutRule', { Name: wakeUp, ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    const looked = async () => (await stage.stores.checkpoints.get('strict'))?.job;
    await expect.poll(looked, { timeout: 90_000, interval: 500 }).toBe('strict');
    await events('PutRule', { Name: wakeUp, ScheduleExpression: 'rate(5 minutes)', State: 'DISABLED' });
  });

  it('finds nothing in a healthy stage except the time zone that MiniStack drops', async () => {
    const found = await at().stage.watch();
    // Where MiniStack's CloudFormation differs from AWS's: it drops a schedule's time zone, which the watchman reports as drift.
    expect(found.report?.drift).toEqual(['timezone: found UTC, expected Europe/Amsterdam']);
    await byHand('report', { ScheduleExpressionTimezone: 'Europe/Amsterdam' });
    const well = { missed: [], covered: [], started: [], mended: [], drift: [], stale: false };
    const after = await at().stage.watch();
    for (const [job, { missed, covered, started, mended, drift, stale }] of Object.entries(after))
      if (job !== 'night-report') expect({ missed, covered, started, mended, drift, stale }, job).toEqual(well);
    expect(Object.keys(after)).toHaveLength(12);
  });

  it('reports each schedule that was deleted, disabled or changed by hand', async () => {
    const { cloud, stage } = at();
    const { Target, ...before } = await stage.schedule('dropped');
    await scheduler(cloud.url, 'DELETE', `/schedules/dropped?${group}`);
    await byHand('paused', { State: 'DISABLED' });
    await byHand('elsewhere', { ScheduleExpression: 'rate(9 days)' });
    const found = await stage.watch();
    expect(found.dropped?.drift).toEqual(['the schedule is missing']);
    expect(found.paused?.drift).toEqual(['the schedule is disabled, and the job file says it is not']);
    expect(found.elsewhere?.drift).toEqual(['expression: found rate(9 days), expected rate(3 days)']);
    expect((await stage.stores.checkpoints.get('dropped'))?.driftSince).toEqual(expect.any(String));

    await scheduler(cloud.url, 'POST', '/schedules/dropped', { ...before, Target, GroupName: 'nightshift-test' });
    await byHand('paused', { State: 'ENABLED' });
    await byHand('elsewhere', { ScheduleExpression: 'rate(3 days)' });
    const after = await stage.watch();
    expect(['dropped', 'paused', 'elsewhere'].flatMap((job) => after[job]?.drift)).toEqual([]);
    expect((await stage.stores.checkpoints.get('dropped'))?.driftSince).toBeNull();
  });

  it('starts a due slot whose delivery was lost and records the covered slots in the run', async () => {
    const { stage, replies } = at();
    await notSince('lost', 60);
    replies.push({ text: 'Late, and here.' });
    const found = await stage.watch();
    const [slot = ''] = found.lost?.started ?? [];
    expect(found.lost).toMatchObject({ started: [slot], missed: [], covered: [] });
    const run = await stage.ended(runOf('lost', slot));
    expect(run).toMatchObject({ origin: 'watchman', slots: [slot], outcome: { status: 'succeeded', attempts: 1 } });
    // A late delivery finds the run of the watchman.
    await stage.fire('lost', slot);
    await notSince('lost', 60);
    expect((await stage.watch()).lost).toMatchObject({ started: [], missed: [] });
  });

  it('records a lost slot as missed when the job has catchUp none', async () => {
    const { stage } = at();
    await notSince('strict', 60);
    const found = await stage.watch();
    const [slot = ''] = found.strict?.missed ?? [];
    expect(found.strict).toMatchObject({ started: [], missed: [slot] });
    const { outcome, origin } = await stage.ended(runOf('strict', slot));
    expect(origin).toBe('watchman');
    expect(outcome).toMatchObject({
      status: 'missed',
      message: expect.stringMatching(/^no delivery was seen by .*, and catchUp is none$/),
    });
  });

  it('removes the schedule of a one-time job once its slot is accounted for', async () => {
    const { stage } = at();
    const schedule = scheduleName(await jobOf('once'));
    expect((await stage.schedule(schedule)).State).toBe('ENABLED');
    await notSince('once', -120); // as in two hours
    await stage.watch();
    await expect(stage.schedule(schedule)).rejects.toThrow(/answered 404/);
  });

  it('settles the run of an execution that died when its event was lost', async () => {
    const { stage } = at();
    await events('DisableRule', { Name: deadExecutions });
    const id = await hanging(slotAgo(29));
    await stage.machine.send(new StopExecutionCommand({ executionArn: executionOf(id) }));
    expect(await execution(id)).toBe('ABORTED');
    expect((await stage.watch()).report?.mended).toEqual([]); // the event may still arrive
    await aged({ from: minutesAgo(10).toJSON() });
    expect((await stage.watch()).report?.mended).toEqual([{ run: id, was: 'dead' }]);
    const { outcome } = await stage.ended(id);
    expect(outcome).toMatchObject({ status: 'failed', failure: 'ExecutionAborted', attempts: 1 });
    expect((await stage.stores.states.get('report'))?.open).toEqual([]);
  });

  it('ends a run that is open past its lease, and its execution', async () => {
    const { stage } = at();
    const id = await hanging(slotAgo(28));
    await aged({ from: minutesAgo(600).toJSON(), until: minutesAgo(1).toJSON() });
    expect((await stage.watch()).report?.mended).toEqual([{ run: id, was: 'stuck' }]);
    const { outcome } = await stage.ended(id);
    expect(outcome).toMatchObject({ status: 'failed', failure: 'ExecutionTimedOut', attempts: 1 });
    expect(await execution(id)).toBe('ABORTED');
    expect((await stage.stores.states.get('report'))?.open).toEqual([]);
  });

  it('writes its findings to its log and its metrics', async () => {
    const logs = await logged(at().cloud.url, 'nightshift-test-watchman');
    for (const name of ['WatchmanLooked', 'CaughtUp', 'MissedSlots', 'StuckRuns', 'Drift'])
      expect(logs, name).toContain(`"${name}":`);
    expect(logs).toContain('"message":"watchman found"');
    expect(logs).not.toContain('"message":"watchman could not look"');
  });
};
