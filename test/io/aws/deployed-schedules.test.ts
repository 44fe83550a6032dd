import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { afterEach, describe, expect, it } from 'vitest';
import { schedulerDeployedSchedules } from '../../../lib/io/aws/deployed-schedules.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { job } from '../../kit/job.ts';
import { closing } from '../../kit/open-model.ts';
import { type AwsReply, awsEndpoint, awsError } from '../../kit/wire/aws-endpoint.ts';

const { on, all } = closing();
afterEach(all);

const night = job({}, 'night');
const once = job({ schedule: { at: '2099-01-01T07:00:00' } }, 'once');

/** The schedules of a Scheduler endpoint that answers every request like this. */
const answering = async (reply: AwsReply) => {
  const { asked, client } = on(await awsEndpoint(() => reply));
  return { asked, schedules: schedulerDeployedSchedules(new SchedulerClient(client), 'nightshift-test') };
};
const seconds = (at: string) => Date.parse(at) / 1000;
const minimal = { ScheduleExpression: 'rate(1 hour)', State: 'ENABLED', CreationDate: seconds('2026-11-22T07:00:00Z') };

describe('a deployed schedule', () => {
  it('is read by the name of its job in its group, with instants in UTC', async () => {
    const dates = {
      StartDate: seconds('2026-12-01T00:00:00Z'),
      EndDate: seconds('2027-01-01T00:00:00Z'),
      LastModificationDate: seconds('2026-11-23T08:00:00Z'),
    };
    const zone = { ScheduleExpressionTimezone: 'Europe/Amsterdam' };
    const { asked, schedules } = await answering({ body: { ...minimal, ...zone, ...dates } });
    expect(await schedules.get(night)).toEqual({
      expression: 'rate(1 hour)',
      timezone: 'Europe/Amsterdam',
      start: '2026-12-01T00:00:00.000Z',
      end: '2027-01-01T00:00:00.000Z',
      enabled: true,
      createdAt: '2026-11-22T07:00:00.000Z',
      modifiedAt: '2026-11-23T08:00:00.000Z',
    });
    expect(asked).toEqual([{ operation: 'GET /schedules/night?groupName=nightshift-test', body: undefined }]);
  });

  it('without bounds is in UTC, and was modified when it was created', async () => {
    const { schedules } = await answering({ body: minimal });
    expect(await schedules.get(night)).toEqual({
      expression: 'rate(1 hour)',
      timezone: 'UTC',
      start: undefined,
      end: undefined,
      enabled: true,
      createdAt: '2026-11-22T07:00:00.000Z',
      modifiedAt: '2026-11-22T07:00:00.000Z',
    });
  });

  it('of a one-time job has the time in its name, for a read and for a removal', async () => {
    const { asked, schedules } = await answering({ body: minimal });
    await schedules.get(once);
    await schedules.remove(once);
    expect(asked.map(({ operation }) => operation.split('?')[0])).toEqual([
      'GET /schedules/once-20990101T070000',
      'DELETE /schedules/once-20990101T070000',
    ]);
  });

  it('is not enabled if it is DISABLED', async () => {
    const { schedules } = await answering({ body: { ...minimal, State: 'DISABLED' } });
    expect(await schedules.get(night)).toMatchObject({ enabled: false });
  });

  it('is removed from its group', async () => {
    const { asked, schedules } = await answering({});
    await schedules.remove(night);
    expect(asked[0]?.operation).toMatch(/^DELETE \/schedules\/night\?.*groupName=nightshift-test/);
  });

  it('that does not exist is undefined, and removing it does nothing', async () => {
    const { schedules } = await answering(awsError('ResourceNotFoundException', 404));
    expect(await schedules.get(night)).toBeUndefined();
    expect(await schedules.remove(night)).toBeUndefined();
  });

  it.each(['get', 'remove'] as const)('is Unauthorized if AWS refuses the credentials of %s', async (request) => {
    const { schedules } = await answering(awsError('AccessDeniedException', 403));
    const message = expect.stringContaining('nightshift-test/night');
    expect(await failureOf(schedules[request](night))).toMatchObject({ name: 'Unauthorized', message });
  });

  it.each(['get', 'remove'] as const)('that AWS throttles throws the error of the SDK from %s', async (request) => {
    const { schedules } = await answering(awsError('ThrottlingException', 429));
    await expect(schedules[request](night)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});
