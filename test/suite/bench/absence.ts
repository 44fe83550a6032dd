import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod';
import { quantile, type Section } from './bench-report.ts';

const absences = { '1 day': 1, '1 week': 7, '1 month': 30, '1 year': 365 };
const rounds = 3;
const lambdaMb = 256;

const Look = z.object({
  checks: z.int(),
  started: z.int(),
  cpuMs: z.number(),
  importedMb: z.number(),
  peakMb: z.number(),
});

const measured = async (days: number): Promise<z.infer<typeof Look>> => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${Math.floor(lambdaMb * 0.9)}`,
    'test/suite/bench/look.ts',
    String(days),
  ]);
  return Look.parse(JSON.parse(stdout));
};

/** Measures what the watchman does after an absence, for a job of every minute: a process of its own for each absence. */
export const absence = async (): Promise<Section> => {
  const found: { name: string; looks: z.infer<typeof Look>[] }[] = [];
  for (const [name, days] of Object.entries(absences)) {
    const looks: z.infer<typeof Look>[] = [];
    for (let round = 0; round < rounds; round += 1) looks.push(await measured(days));
    found.push({ name, looks });
  }
  const rows = found.map(({ name, looks }) => {
    const median = (field: keyof z.infer<typeof Look>) =>
      quantile(
        looks.map((look) => look[field]),
        0.5,
      );
    return {
      name,
      checks: median('checks'),
      started: median('started'),
      cpuMs: median('cpuMs'),
      peakMb: median('peakMb'),
    };
  });
  const [day, year] = [rows[0], rows.at(-1)];
  return {
    title: '6. The watchman after an absence',
    notes: [
      `A job of every minute, in-memory stores, a process of its own with ${lambdaMb} MB; the median of ${rounds}.`,
      'The checks until every slot is accounted for, and the check that starts the newest slot.',
    ],
    rows: rows.map(({ name, checks, started, cpuMs, peakMb }) => ({
      absence: name,
      checks,
      'newest started at': started,
      'CPU ms': cpuMs,
      'peak MB': peakMb,
    })),
    bounds: [
      { what: 'checks after a year', found: year?.checks ?? Number.NaN, atMost: 3 },
      { what: 'check that starts the newest slot after a year', found: year?.started ?? Number.NaN, atMost: 1 },
      { what: 'CPU after a year / after a day', found: (year?.cpuMs ?? Number.NaN) / (day?.cpuMs ?? 1), atMost: 2 },
      { what: 'peak after a year, in MB', found: year?.peakMb ?? Number.NaN, atMost: lambdaMb },
    ],
  };
};
