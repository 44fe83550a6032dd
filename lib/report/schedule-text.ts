import { parseCron } from '../schedule/cron.ts';
import { type Schedule, scheduleExpression } from '../schedule/schedule.ts';
import { cronText } from './cron-text.ts';

const written = (localTime: string): string => localTime.replace('T', ' ').replace(/:00$/, '');

const recurrence = (schedule: Schedule): string => {
  if (schedule.cron === undefined)
    return schedule.rate === undefined ? `Once, at ${written(schedule.at)}` : `Every ${schedule.rate.trim()}`;
  const { value: cron } = parseCron(schedule.cron);
  return (cron && cronText(cron)) ?? scheduleExpression(schedule);
};

/** Describes a schedule in English, or by its expression where that takes more than plain words. */
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
