import { setTimeout as delay } from 'node:timers/promises';
import type { Opened } from '../agent/agent-loop.ts';
import type { Http } from '../agent/http.ts';
import type { Tool } from '../agent/tool.ts';
import { toolNamesOf } from '../connection/tool-name.ts';
import type { Observer } from '../run/observer.ts';
import type { Run } from '../run/run.ts';
import { awsIdentity } from './aws/identity.ts';
import type { LambdaPlace } from './aws/lambda-tool.ts';
import { connectionSecret, secrets } from './aws/secrets.ts';
import { configuredScripts } from './files/config.ts';
import { configuredConnection } from './files/connection-config.ts';
import { loadTools, toolSpecs } from './files/tools.ts';
import { openModel } from './model/model.ts';
import { storedPastRuns } from './store/past-runs.ts';
import type { Stores } from './store/stores.ts';
import { type Credential, credentialOf } from './web/authorization.ts';
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

const use = { what: 'a connection with auth: { sigv4 }', cure: 'AWS_PROFILE' };

/** The local service names its own endpoint for Lambda; connections mean AWS's. */
const placeOf = ({ NIGHTSHIFT_STAGE }: Environment, region: string): LambdaPlace =>
  NIGHTSHIFT_STAGE === 'local'
    ? { endpoint: `https://lambda.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}` }
    : {};

/** The web with the credentials of these connections, and the tools that some of them are. */
const openConnections = async (
  names: string[],
  { config, env, now }: Pick<OpenDeps, 'config' | 'env' | 'now'>,
): Promise<{ http: Http; tools: Record<string, Tool> }> => {
  const connections = await Promise.all(names.map(configuredConnection(config)));
  const secretOf = connectionSecret(env);
  const deps = { http: guardedHttp(), now, identity: (region: string) => awsIdentity(env, region, use) };
  const credentials: Credential[] = [];
  const tools: Record<string, Tool> = {};
  for (const one of connections) {
    if (one.kind === 'http') {
      const secret = one.secret === undefined ? undefined : await secretOf(one.name, one.secret);
      credentials.push(credentialOf(one, secret, deps));
    } else {
      const { lambdaTool } = await import('./aws/lambda-tool.ts');
      for (const tool of toolNamesOf(one))
        tools[tool] = await lambdaTool(one, placeOf(env, one.function.split(':')[3] ?? ''));
    }
  }
  return { http: guardedHttp({}, credentials), tools };
};
