import { setTimeout as delay } from 'node:timers/promises';
import type { Opened } from '../agent/agent-loop.ts';
import type { Http } from '../agent/http.ts';
import type { Tool } from '../agent/tool.ts';
import { type Connection, functionRegion } from '../connection/connection.ts';
import { toolNamesOf } from '../connection/tool-name.ts';
import type { Observer } from '../run/observer.ts';
import type { Run } from '../run/run.ts';
import type { LambdaPlace } from './aws/lambda-tool.ts';
import { secrets } from './aws/secrets.ts';
import { configuredScripts } from './files/config.ts';
import { configuredConnection } from './files/connection-config.ts';
import { loadTools, toolSpecs } from './files/tools.ts';
import { openModel } from './model/model.ts';
import { storedPastRuns } from './store/past-runs.ts';
import type { Stores } from './store/stores.ts';
import { openCredential } from './web/authorization.ts';
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
 * Opens the model, connections and tools of a run's job. Each call fetches secrets again, so a rotated secret is used at once.
 * Throws UnknownModel, UnknownTool, UnknownConnection, Unauthorized, InvalidScript.
 */
export const opener =
  ({ stores, config, env, now, observer }: OpenDeps) =>
  async (run: Run, attempt: number): Promise<Opened> => {
    const { job, id: runId, slot } = run;
    const wait = (seconds: number, signal: AbortSignal) => delay(seconds * 1000, undefined, { signal });
    const warn = (warning: string) => observer.modelWarned(run, warning);
    const modelDeps = { secret: secrets(env), script: configuredScripts(config), clock: { now, wait }, warn };
    const settings = { attempt, env, outputTokens: job.limits.outputTokens, result: job.result };
    const [model, own, outside] = await Promise.all([
      openModel(job.model, settings, modelDeps),
      loadTools(job.tools),
      openConnections(job.connections, { config, env, now }),
    ]);
    const tools = { ...own, ...outside.tools };
    const { http } = outside;
    const context = { job, runId, slot, attempt, http, pastRuns: storedPastRuns(stores, now) };
    return { model, specs: toolSpecs(tools), calls: { tools, context, effects: stores.effects } };
  };

/** The local service names its own endpoint for Lambda; connections mean AWS's. */
const placeOf = ({ NIGHTSHIFT_STAGE }: Environment, region: string): LambdaPlace =>
  NIGHTSHIFT_STAGE === 'local'
    ? { endpoint: `https://lambda.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}` }
    : {};

/** The tools that a connection is, by name. */
const connectionTools = async (connection: Connection, env: Environment): Promise<[string, Tool][]> => {
  if (connection.kind === 'http') return [];
  const { lambdaTool } = await import('./aws/lambda-tool.ts');
  const tool = await lambdaTool(connection, placeOf(env, functionRegion(connection)));
  return toolNamesOf(connection).map((name) => [name, tool]);
};

/** The web with the credentials of these connections, and the tools that some of them are. */
const openConnections = async (
  names: string[],
  { config, env, now }: Pick<OpenDeps, 'config' | 'env' | 'now'>,
): Promise<{ http: Http; tools: Record<string, Tool> }> => {
  const connections = await Promise.all(names.map(configuredConnection(config)));
  const deps = { http: guardedHttp(), now, env };
  const web = connections.flatMap((one) => (one.kind === 'http' ? [one] : []));
  const [credentials, tools] = await Promise.all([
    Promise.all(web.map((one) => openCredential(one, deps))),
    Promise.all(connections.map((one) => connectionTools(one, env))),
  ]);
  return { http: guardedHttp({}, credentials), tools: Object.fromEntries(tools.flat()) };
};
