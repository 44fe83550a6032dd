import { Job } from '../../../lib/job/job.ts';

const zones = [
  'Europe/Amsterdam',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'UTC',
] as const;

const zoned = (at: number) => zones[at % zones.length] ?? 'UTC';
const gaps = ['skip', 'after'] as const;
const folds = ['first', 'both', 'last'] as const;
const days = (at: number) => ({ gap: gaps[at % 2] ?? 'skip', fold: folds[at % 3] ?? 'first' });

type Fields = Record<string, unknown> & { schedule: Record<string, unknown> };

const busy: Record<string, Fields> = {
  hourly: { schedule: { cron: '5 * * * ? *', timezone: 'Europe/Amsterdam' }, overlap: 'queue-one' },
  'every-5': { schedule: { rate: '5 hours' }, overlap: 'cancel-previous', catchUp: { policy: 'latest' } },
  'six-a': { schedule: { rate: '6 hours' }, catchUp: { policy: 'all', atOnce: 2 } },
  'six-b': { schedule: { rate: '6 hours' }, overlap: 'allow', limits: { perDay: { runs: 3 } } },
  'four-a': { schedule: { cron: '30 0/4 * * ? *', timezone: 'America/New_York', dst: { gap: 'after', fold: 'both' } } },
  'four-b': {
    schedule: { cron: '30 1/4 * * ? *', timezone: 'Australia/Lord_Howe', dst: { fold: 'last' } },
    limits: { perMonth: { usd: 3 } },
  },
};

const daily = (at: number): Fields => ({
  schedule: {
    cron: `${(at * 7) % 60} ${[0, 1, 2, 2, 3, 1][at % 6]} * * ? *`,
    timezone: zoned(at),
    dst: days(at),
    ...(at % 5 === 0 && { exclude: ['2026-04-05', '2026-05-05', '2026-12-25', '2026-10-25'] }),
  },
  catchUp: { policy: (['latest', 'none', 'all'] as const)[at % 3] },
  spreadSeconds: at % 4 === 0 ? 600 : 0,
  ...(at % 2 === 0 && { breaker: { failures: 3, firstDelaySeconds: 3600 } }),
});

const workdays = (at: number): Fields => ({
  schedule: { cron: `${(at * 11) % 60} ${8 + (at % 6)} ? * MON-FRI *`, timezone: zoned(at + 1) },
  ...(at % 3 === 0 && { breaker: { failures: 2, firstDelaySeconds: 7200, factor: 3 } }),
  ...(at % 3 === 1 && { limits: { perMonth: { runs: 15 } } }),
});

const rare: Record<string, Fields> = {
  'last-day': { schedule: { cron: '0 18 L * ? *', timezone: 'Europe/Amsterdam' } },
  'last-workday': { schedule: { cron: '0 17 LW * ? *', timezone: 'America/New_York' } },
  'second-tuesday': { schedule: { cron: '30 2 ? * 3#2 *', timezone: 'Asia/Kathmandu' } },
  'last-sunday': {
    schedule: { cron: '30 2 ? * 1L *', timezone: 'Europe/Amsterdam', dst: { gap: 'after', fold: 'both' } },
  },
  'near-15': { schedule: { cron: '15 6 15W * ? *', timezone: 'Africa/Casablanca' } },
  weekly: {
    schedule: { cron: '0 9 ? * MON *', timezone: 'UTC', start: '2026-02-01T00:00:00', end: '2026-11-01T00:00:00' },
  },
};

const once = (at: number): Fields => ({
  schedule: { at: `2026-${String(2 + at * 2).padStart(2, '0')}-17T1${at}:30:00`, timezone: zoned(at) },
});

const many = (count: number, name: string, fields: (at: number) => Fields): [string, Fields][] =>
  Array.from({ length: count }, (_, at) => [`${name}-${at}`, fields(at)]);

/** Fifty jobs of every kind of schedule, in six time zones. */
export const fleet = (): Job[] => {
  const all: [string, Fields][] = [
    ...Object.entries(busy),
    ...many(18, 'daily', daily),
    ...many(15, 'workday', workdays),
    ...Object.entries(rare),
    ...many(5, 'once', once),
  ];
  return all.map(([name, fields]) => Job.parse({ name, model: 'scripted/year', prompt: 'Go.', ...fields }));
};

/** The job at another hour, as a later deployment may declare it. */
export const rescheduled = (job: Job, hour: number): Job => {
  const { cron, ...rest } = job.schedule;
  if (cron === undefined) return job;
  const [minute = '0', , ...others] = cron.split(' ');
  return { ...job, schedule: { ...rest, cron: [minute, String(hour), ...others].join(' ') } as Job['schedule'] };
};
