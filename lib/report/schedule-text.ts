import cronstrue from 'cronstrue';
import type { Schedule } from '../schedule/schedule.ts';

const written = (localTime: string): string => localTime.replace('T', ' ').replace(/:00$/, '');

const recurrence = (schedule: Schedule): string => {
  if (schedule.cron === undefined)
    return schedule.rate === undefined ? `Once, at ${written(schedule.at)}` : `Every ${schedule.rate.trim()}`;
  return cronstrue.toString(schedule.cron, { dayOfWeekStartIndexZero: false, use24HourTimeFormat: true });
};

/** Describes a schedule in English. Days of the week count from 1 = Sunday, as in EventBridge. */
export const inEnglish = (schedule: Schedule): string => {
  const { start, end, exclude = [] } = schedule;
  const bounds = [...(start ? [`from ${written(start)}`] : []), ...(end ? [`until ${written(end)}`] : [])].join(' ');
  const parts = [
    recurrence(schedule),
    bounds,
    exclude.length > 0 ? `except on ${exclude.length} ${exclude.length === 1 ? 'date' : 'dates'}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
};
