import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { ask } from '../../../infra/local/daemon/service-socket.ts';
import { AttemptInput } from '../../../lib/run/attempt.ts';
import { sessionKey } from '../../../lib/run/session.ts';
import { noUsage } from '../../../lib/usage.ts';
import { anthropicServer } from '../../kit/wire/anthropic-server.ts';
import { quantile, type Section } from './bench-report.ts';
import type { Bundles } from './bundles.ts';
import { onLocalService } from './counted-store.ts';
import { sampleJob, sampleRun, sampleSteps, stepBytes } from './sample-run.ts';

const lengths = [1, 1_000];
const furtherSteps = 20;
/** Processes measured for each length. The median counts, because a peak depends on when the garbage collector ran. */
const processes = 3;
const lambdaMb = 512;
/** Node's options in Lambda (/var/runtime/bootstrap): a tenth of the memory is new space, the rest old space. */
const nodeOptions = `--max-semi-space-size=${Math.floor(lambdaMb / 20)} --max-old-space-size=${lambdaMb - Math.floor(lambdaMb / 10)}`;
const toolName = 'list_runs';

/**
 * A module that wraps the packaged handler and adds the peak memory of its process. It prefers Linux's VmHWM, because maxRSS also
 * counts the memory of the parent at the fork.
 */
const measured = (bundle: string): string => `
import { readFileSync } from 'node:fs';
import { handler as inner } from ${JSON.stringify(pathToFileURL(bundle).href)};
const peak = () => {
  try {
    return Number(/^VmHWM:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
};
const importedMb = peak();
export const handler = async (event, context) => {
  const result = await inner(event, context);
  return { result, importedMb, peakMb: peak() };
};
`;

const Measured = z.object({
  result: z.looseObject({ status: z.string(), steps: z.int().optional() }),
  importedMb: z.number(),
  peakMb: z.number(),
});

/** Measures the peak memory of the packaged attempt when it continues a long session, with its model over HTTP. */
export const memory = async (dir: string, bundles: Bundles): Promise<Section> => {
  const home = await mkdtemp(join(dir, 'memory-'));
  const module = join(home, 'measured.mjs');
  await writeFile(module, measured(bundles.attempt));
  const model = await anthropicServer({
    reply: ({ index }) =>
      index % (furtherSteps + 1) === furtherSteps
        ? { text: 'All is well.' }
        : { text: 'Let me look again.', calls: [{ name: toolName, input: { days: 1, limit: index + 1 } }] },
  });
  const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: model.key, NODE_OPTIONS: nodeOptions };
  const job = sampleJob('bench', 'anthropic/claude-sonnet-4-5', [toolName]);
  // One function for each measurement, so that each has its own process.
  const measurements = lengths.flatMap((length) =>
    Array.from({ length: processes }, (_, index) => ({ length, name: `attempt-${length}-${index}` })),
  );
  const functions = Object.fromEntries(measurements.map(({ name }) => [name, { module, timeoutSeconds: 120 }]));
  try {
    return await onLocalService(dir, { functions, env }, async ({ service, stores }) => {
      const measuredPeaks: { length: number; importedMb: number; peakMb: number }[] = [];
      for (const [index, { length, name }] of measurements.entries()) {
        const run = { ...sampleRun(job), id: `bench_20261122T070000Z_${index}`, suffix: String(index) };
        const startedAt = new Date().toJSON();
        await stores.runs.put({ ...run, startedAt });
        await stores.attempts.put({ runId: run.id, number: 1, startedAt, failed: null, version: 1 });
        for (const step of sampleSteps(length, toolName)) await stores.sessions.append(sessionKey(run.id, 1), step);
        const input = AttemptInput.parse({ runId: run.id, attempt: 1, version: 1, spent: noUsage, note: null });
        const { body } = await ask(service.socket, {
          method: 'POST',
          path: `/2015-03-31/functions/${name}/invocations`,
          body: JSON.stringify(input),
        });
        const { result, ...found } = Measured.parse(JSON.parse(body));
        if (result.status !== 'done' || result.steps !== length + furtherSteps + 1)
          throw new Error(`the attempt ended as ${JSON.stringify(result)}`);
        measuredPeaks.push({ length, ...found });
      }
      const peaks = lengths.map((length) => {
        const these = measuredPeaks.filter((one) => one.length === length);
        return {
          length,
          importedMb: quantile(
            these.map(({ importedMb }) => importedMb),
            0.5,
          ),
          peakMb: quantile(
            these.map(({ peakMb }) => peakMb),
            0.5,
          ),
        };
      });
      return {
        title: '5. Peak memory of an attempt',
        notes: [
          `The packaged function in a process of its own goes on with a session of steps of ${stepBytes} bytes for`,
          `${furtherSteps} more and a final answer, the model over HTTP: the median of ${processes} processes.`,
          `Node runs as in a Lambda of ${lambdaMb} MB: ${nodeOptions}`,
        ],
        rows: peaks.map(({ length, importedMb, peakMb }) => ({
          'session length': length,
          'imported MB': importedMb,
          'peak MB': peakMb,
          'share of the Lambda': peakMb / lambdaMb,
        })),
        bounds: peaks.slice(-1).map(({ length, peakMb }) => ({
          what: `peak with ${length.toLocaleString('en')} steps, in MB`,
          found: peakMb,
          atMost: lambdaMb / 2,
        })),
      };
    });
  } finally {
    await model.close();
  }
};
