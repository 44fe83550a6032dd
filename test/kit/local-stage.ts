import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject, onTestFinished } from 'vitest';
import { nightshiftService } from '../../infra/local/daemon/nightshift-service.ts';
import type { LocalService } from '../../infra/local/daemon/service.ts';
import type { LocalFunction } from '../../infra/local/lambda/sandbox.ts';
import { readJobs, repositoryFiles, writeConfig } from '../../lib/io/files/job-files.ts';
import { dynamoStores, type Stores } from '../../lib/io/store/stores.ts';
import type { Run } from '../../lib/run/run.ts';
import { clientOptions, invoke, lines } from './local-service.ts';
import { unexpected } from './unexpected.ts';
import type { AnthropicServer } from './wire/anthropic-server.ts';

/** Waits of the real state machine without real time. */
const overrides = {
  waitTimeOverrides: { Spread: 0, Backoff: 0 },
  retryIntervalOverrides: { Attempt: 0, Triage: 0, Settle: 0 },
};

/** The environment in which the handlers find a model server. */
export const modelEnv = (server: AnthropicServer): Record<string, string> => ({
  ANTHROPIC_BASE_URL: server.url,
  ANTHROPIC_API_KEY: server.key,
});

export type Stage = {
  service: LocalService;
  stores: Stores;
  /** Delivers a slot as EventBridge Scheduler does, and answers what dispatch returned or threw. */
  deliver(event: unknown): ReturnType<typeof invoke>;
  /** The run when it has its outcome. */
  ended(runId: string): Promise<Run>;
  /** Every log line of a function. */
  logs(name: string): Record<string, unknown>[];
};

/**
 * The whole service on a directory: the packaged handlers in processes of their own, the real ASL, a real DynamoDB engine with
 * its data on disk. `jobs` and `scripts` are files by name. `around` is code run in the process of the attempt function before each
 * invocation, given `event` and `context`. It is closed when the test is over.
 */
export const stage = async (
  dir: string,
  jobs: Record<string, string>,
  env: Record<string, string>,
  { around, scripts }: { around?: string; scripts?: Record<string, string> } = {},
): Promise<Stage> => {
  const written = (kind: string, found: Record<string, string>): string => {
    mkdirSync(join(dir, kind), { recursive: true });
    for (const [name, text] of Object.entries(found)) writeFileSync(join(dir, kind, `${name}.yml`), text);
    return join(dir, kind);
  };
  const files = {
    ...repositoryFiles,
    jobs: written('jobs', jobs),
    ...(scripts && { scripts: written('scripts', scripts) }),
  };
  const config = join(dir, 'config');
  await writeConfig(config, await readJobs(files));
  const own = { PATH: process.env.PATH ?? '', ...env };
  const modules = inject('functions');
  const functions: Record<string, LocalFunction> = {
    dispatch: { module: modules.dispatch, timeoutSeconds: 30 },
    attempt: { module: around ? wrapped(dir, modules.attempt, around) : modules.attempt, timeoutSeconds: 900 },
    triage: { module: modules.triage, timeoutSeconds: 30 },
    settle: { module: modules.settle, timeoutSeconds: 30 },
  };
  const options = { config, env: own, functions, overrides, retryDelaysMs: [1, 1] };
  const service = await nightshiftService(join(dir, 'data'), options);
  onTestFinished(() => service.close());
  const client = new DynamoDBClient(clientOptions(service.socket));
  onTestFinished(() => client.destroy());
  const stores = dynamoStores(client, service.env.NIGHTSHIFT_TABLE ?? '', {
    now: () => new Date(),
    token: () => 'test',
    damaged: unexpected,
  });
  const ended = async (runId: string): Promise<Run> => {
    for (;;) {
      const run = service.busy ? undefined : await stores.runs.get(runId);
      if (run?.outcome) return run;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const logs = (name: string) => {
    const all = lines(join(dir, 'data', 'logs', `${name}.jsonl`)) as Record<string, unknown>[];
    return all.filter((line) => 'message' in line);
  };
  return { service, stores, deliver: (event) => invoke(service.socket, 'dispatch', event), ended, logs };
};

/** The real attempt handler behind some code of the test's. */
const wrapped = (dir: string, attempt: string, around: string): string => {
  const module = join(dir, 'attempt.mjs');
  const body = `import { handler as real } from ${JSON.stringify(pathToFileURL(attempt).href)};
export const handler = (event, context) => { ${around}; return real(event, context); };`;
  writeFileSync(module, body);
  return module;
};
