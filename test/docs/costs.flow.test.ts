import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { bill, Counts, fleets, readCounts, total } from '../../infra/docs/costs.ts';
import { nightshiftService } from '../../infra/local/daemon/nightshift-service.ts';
import { syncSchedules } from '../../infra/local/scheduler/sync-schedules.ts';
import { functionNames } from '../../infra/package/build.ts';
import { readJobs, repositoryFiles, writeConfig } from '../../lib/io/files/job-files.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { clientOptions, invoke, lines } from '../kit/local-service.ts';
import { modelEnv } from '../kit/local-stage.ts';
import { serve } from '../kit/model-server.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { runCounts } from '../suite/bench/run-counts.ts';

const steps = 5;

const report = `
schedule: { cron: 0 7 * * ? *, timezone: Europe/Amsterdam }
model: anthropic/claude-sonnet-4-5
system: You write reports.
prompt: Write the report of \${date}.
tools: [list_runs]
`;

type Line = Record<string, unknown>;

/** A line with every number four digits long, so that its size is the same each time. */
const sized = (value: unknown): unknown => {
  if (typeof value === 'number') return 1_000;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sized);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sized(one)]));
};

/** What these lines take in a log, and the metrics in them with how often each was sent. */
const logged = (found: Line[]) => {
  const names = found.flatMap(({ _aws }) =>
    (Object(_aws).CloudWatchMetrics ?? []).flatMap(({ Metrics }: { Metrics: { Name: string }[] }) =>
      Metrics.map(({ Name }) => Name),
    ),
  );
  const metrics = [...Map.groupBy(names, (name: string) => name)].map(([name, sent]) => [name, sent.length] as const);
  const bytes = found.map((line) => Buffer.byteLength(JSON.stringify(sized(line)))).reduce((a, b) => a + b, 0);
  return { logs: { bytes, lines: found.length }, metrics: Object.fromEntries(metrics.sort()) };
};

/** The log lines of one healthy run and of one look, from the packaged functions. */
const packagedLogs = async (dir: string) => {
  const replies = Array.from({ length: steps - 1 }, (_, n) => ({
    text: 'Let me look.',
    calls: [{ name: 'list_runs', input: { days: n + 1 } }],
  }));
  const model = await serve({ reply: [...replies, { text: 'All quiet.' }] });
  const files = { ...repositoryFiles, jobs: join(dir, 'jobs') };
  mkdirSync(files.jobs);
  writeFileSync(join(files.jobs, 'report.yml'), report);
  const declared = await readJobs(files);
  await writeConfig(join(dir, 'config'), declared);
  const modules = inject('functions');
  const functions = Object.fromEntries(
    functionNames.map((name) => [name, { module: modules[name], timeoutSeconds: 60 }]),
  );
  const env = { PATH: process.env.PATH ?? '', ...modelEnv(model) };
  const overrides = { waitTimeOverrides: { Spread: 0 } };
  const options = { config: join(dir, 'config'), env, functions, overrides, rules: [] };
  const service = await nightshiftService(join(dir, 'data'), options);
  onTestFinished(() => service.close());
  const scheduler = new SchedulerClient(clientOptions(service.socket));
  onTestFinished(() => scheduler.destroy());
  await syncSchedules(declared.jobs, scheduler, new Date());

  const linesOf = (name: string): Line[] => lines(join(dir, 'data', 'logs', `${name}.jsonl`)) as Line[];
  await invoke(service.socket, 'watchman', {});
  const look = logged(linesOf('watchman'));
  await invoke(service.socket, 'dispatch', { job: 'report', slot: slotAt(new Date(Date.now() - 60_000)) });
  await expect.poll(() => service.busy).toBe(false);
  return { look, run: logged(['dispatch', 'attempt', 'settle'].flatMap(linesOf)) };
};

describe('the cost table', () => {
  test('equals the requests to AWS that a run and a check of the watchman make', async () => {
    const counted = await runCounts(temporaryDirectory(), steps);
    const logs = await packagedLogs(temporaryDirectory());
    const measured = { run: { ...counted.run, ...logs.run }, look: { ...counted.look, ...logs.look } };
    expect(Counts.parse(measured)).toEqual(measured);
    // After a change that is meant: npx vitest run test/docs/costs.flow.test.ts -u, then npm run generate.
    await expect(`${JSON.stringify(measured, null, 2)}\n`).toMatchFileSnapshot('../../infra/docs/run-counts.json');
  });

  test('grows with jobs and runs, and alarms are the largest part for one job a day', async () => {
    const counts = await readCounts();
    const costs = (jobs: number, runsPerJob: number) => bill({ name: 'any', jobs, runsPerJob }, counts);
    expect(total(costs(20, 720))).toBeGreaterThan(total(costs(10, 720)));
    expect(total(costs(10, 1_440))).toBeGreaterThan(total(costs(10, 720)));
    const daily = costs(1, 30);
    expect(daily.fixed).toBeGreaterThan(total({ ...daily, fixed: 0 }));
    expect(fleets.map((fleet) => bill(fleet, counts).fixed)).toEqual(fleets.map(() => daily.fixed));
  });
});
