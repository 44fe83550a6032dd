import { isDeepStrictEqual } from 'node:util';
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  paginateListSchedules,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { Job } from '../../../lib/job/job.ts';
import { isOver } from '../../../lib/schedule/calendar.ts';
import { scheduleName } from '../../../lib/schedule/schedule.ts';
import { scheduleSettings } from '../../stack/schedules.ts';
import { functionArn, scheduleGroup, scheduleRoleArn } from '../arn.ts';

/** The jobs whose schedules were changed. `since`: when the schedule of each job was created, from which a rate counts. */
export type Timetable = { created: string[]; updated: string[]; removed: string[]; since: Map<string, Date> };

/** A job's schedule as the template declares it for AWS, with dates of the SDK. A one-time schedule is deleted after it has fired. */
const settingsOf = (job: Job) => {
  const target = { Arn: functionArn('dispatch'), RoleArn: scheduleRoleArn };
  const { Name, StartDate, EndDate, ...settings } = scheduleSettings(job, target);
  return {
    ...settings,
    ...(StartDate !== undefined && { StartDate: new Date(StartDate) }),
    ...(EndDate !== undefined && { EndDate: new Date(EndDate) }),
    ActionAfterCompletion: job.schedule.at === undefined ? ('NONE' as const) : ('DELETE' as const),
  };
};

type Settings = ReturnType<typeof settingsOf>;

const isAsWanted = (found: GetScheduleCommandOutput, wanted: Settings): boolean => {
  const { $metadata, Arn, Name, GroupName, CreationDate, LastModificationDate, ...settings } = found;
  return isDeepStrictEqual(settings, wanted);
};

const isMissing = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'ResourceNotFoundException';

/** Undefined where the schedule does not exist. A one-time schedule removes itself. */
const unlessMissing = async <T>(sent: Promise<T>): Promise<T | undefined> => {
  try {
    return await sent;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
};

const namesOf = async (client: SchedulerClient): Promise<string[]> => {
  const names: string[] = [];
  for await (const { Schedules = [] } of paginateListSchedules({ client }, { GroupName: scheduleGroup }))
    names.push(...Schedules.flatMap(({ Name }) => Name ?? []));
  return names;
};

/** The name of a schedule's job. */
export const jobNameOf = (schedule: string): string => schedule.replace(/-\d{8}T\d{6}$/, '');

/**
 * Creates, replaces and deletes schedules until they are those of the enabled jobs. Unchanged schedules keep their dates.
 * A one-time job that is over gets no schedule.
 */
export const syncSchedules = async (jobs: Job[], client: SchedulerClient, now: Date): Promise<Timetable> => {
  const timetable: Timetable = { created: [], updated: [], removed: [], since: new Map() };
  const enabled = jobs.filter((job) => job.enabled);
  const names = new Set(enabled.map(scheduleName));
  for (const Name of (await namesOf(client)).filter((name) => !names.has(name))) {
    await unlessMissing(client.send(new DeleteScheduleCommand({ Name, GroupName: scheduleGroup })));
    timetable.removed.push(jobNameOf(Name));
  }
  for (const job of enabled) {
    const named = { Name: scheduleName(job), GroupName: scheduleGroup };
    const wanted = settingsOf(job);
    const found = await unlessMissing(client.send(new GetScheduleCommand(named)));
    timetable.since.set(job.name, found?.CreationDate ?? now);
    if (found === undefined && isOver(job.schedule, now)) continue;
    if (found === undefined) {
      await client.send(new CreateScheduleCommand({ ...named, ...wanted }));
      timetable.created.push(job.name);
    } else if (!isAsWanted(found, wanted)) {
      await unlessMissing(client.send(new UpdateScheduleCommand({ ...named, ...wanted })));
      timetable.updated.push(job.name);
    }
  }
  return timetable;
};
