import { setTimeout as delay } from 'node:timers/promises';
import type { Opened } from '../agent/agent-loop.ts';
import type { Observer } from '../run/observer.ts';
import type { Run } from '../run/run.ts';
import { secrets } from './aws/secrets.ts';
import { configuredScripts } from './files/config.ts';
import { loadTools, toolSpecs } from './files/tools.ts';
import { openModel } from './model/model.ts';
import { storedPastRuns } from './store/past-runs.ts';
import type { Stores } from './store/stores.ts';
import { guardedHttp } from './web/http.ts';

type Environment = Record<string, string | undefined>;
type OpenDeps = {
  stores: Stores;
  config: string;
  env: Environment;
  now(): Date;
  observer: Pick<Observer, 'modelWarned'>;
};

/**
 * Opens the model and tools of a run's job. Each call fetches secrets again, so a rotated secret is used at once.
 * Throws UnknownModel, UnknownTool, Unauthorized, InvalidScript.
 */
export const opener =
  ({ stores, config, env, now, observer }: OpenDeps) =>
  async (run: Run, attempt: number): Promise<Opened> => {
    const { job, id: runId, slot } = run;
    const wait = (seconds: number, signal: AbortSignal) => delay(seconds * 1000, undefined, { signal });
    const warn = (warning: string) => observer.modelWarned(run, warning);
    const modelDeps = { secret: secrets(env), script: configuredScripts(config), clock: { now, wait }, warn };
    const settings = { attempt, env, outputTokens: job.limits.outputTokens, result: job.result };
    const [model, tools] = await Promise.all([openModel(job.model, settings, modelDeps), loadTools(job.tools)]);
    const context = { job, runId, slot, attempt, http: guardedHttp(), pastRuns: storedPastRuns(stores, now) };
    return { model, specs: toolSpecs(tools), calls: { tools, context, effects: stores.effects } };
  };
