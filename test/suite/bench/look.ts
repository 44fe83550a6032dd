import { readFileSync } from 'node:fs';
import { job } from '../../kit/job.ts';
import { service } from '../../kit/watch.ts';

const newest = '2026-11-22T12:00:00Z';
const dayMs = 86_400_000;

const peakMb = (): number => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;

/** One process: the checks of a job of every minute after these days without a watchman, until its newest slot is accounted for. */
const [days = '1'] = process.argv.slice(2);
const minutely = job({ schedule: { cron: '* * * * ? *' } });
const left = new Date(Date.parse(newest) - Number(days) * dayMs).toJSON().replace('.000', '');
const one = await service(minutely, left);
await one.look();
one.at('2026-11-22T12:03:30Z');
const importedMb = peakMb();
const from = process.cpuUsage();
let checks = 0;
let started = '';
let accountedUpTo: string | undefined;
while (accountedUpTo === undefined || accountedUpTo < newest) {
  checks += 1;
  const finding = await one.look();
  started ||= finding.started.length > 0 ? String(checks) : '';
  accountedUpTo = (await one.stores.checkpoints.get(minutely.name))?.accountedUpTo;
}
const { user, system } = process.cpuUsage(from);
console.log(
  JSON.stringify({ checks, started: Number(started), cpuMs: (user + system) / 1000, importedMb, peakMb: peakMb() }),
);
