import { readJobs } from '../../lib/io/files/job-files.ts';
import {
  attemptEnvironment as environment,
  type KeptIn,
  keptIn,
  type Providers,
  type Statement,
  attemptStatements as statements,
} from './access.ts';
import { alarms as alarmResources } from './alarms.ts';
import { dashboard as dashboardResource } from './dashboard.ts';
import { inert } from './inert.ts';
import { schedules as scheduleResources } from './schedules.ts';

/** The argument that osls passes to a function named in serverless.yml. */
type Osls = { resolveVariable(address: string): Promise<unknown> };
type Resources = Record<string, unknown>;

/** The jobs and connections of the files in infra. What they say is text in the template, never a variable. */
const declared = async () => {
  const { jobs, connections } = await readJobs();
  return { jobs: jobs.map(inert), connections: connections.map(inert) };
};
const param = async ({ resolveVariable }: Osls, name: string): Promise<string> =>
  String((await resolveVariable(`param:${name}`)) ?? '');

const kept = async (osls: Osls, name: string): Promise<KeptIn> => {
  const value = await param(osls, name);
  const place = keptIn.find((each) => each === value);
  if (place === undefined) throw new Error(`${name}: found "${value}", expected ${keptIn.join(', ')}`);
  return place;
};

const providers = async (osls: Osls): Promise<Providers> => ({
  anthropicKey: await kept(osls, 'anthropicApiKey'),
  anthropicBaseUrl: await param(osls, 'anthropicBaseUrl'),
  baseUrl: await param(osls, 'openaiCompatibleBaseUrl'),
  key: await kept(osls, 'openaiCompatibleApiKey'),
});

/** Throws for stage `local`: functions of that stage run on one machine and sign requests with fake credentials. */
const deployable = async ({ resolveVariable }: Osls): Promise<void> => {
  const stage = await resolveVariable('sls:stage');
  if (stage === 'local')
    throw new Error('stage: found "local", expected another name: "local" means the service on your own machine');
};

/** The variable that sends requests for Bedrock's models elsewhere. The AWS SDK reads it on this machine; no function gets it. */
const endpoint = 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME';

/** Throws where a job works with another endpoint of Bedrock here, and would not when deployed. */
const sameEndpoint = (found: { name: string; model: string }[]): void => {
  const [first] = found.filter(({ model }) => model.startsWith('bedrock/'));
  if (process.env[endpoint] && first)
    throw new Error(
      `${endpoint}: found a value, expected none: ${first.name} would use AWS's own endpoint when deployed`,
    );
};

/** The schedules of the jobs in infra/jobs. */
export const schedules = async (): Promise<Resources> => scheduleResources((await declared()).jobs, new Date());

/** The alarms. They notify the `alarmEmail` parameter if it is set. */
export const alarms = async (osls: Osls): Promise<Resources> => alarmResources(await param(osls, 'alarmEmail'));

/** The property that reserves Lambda's concurrency for a function, if the `reservedConcurrency` parameter is set. Throws for no whole number. */
export const reservedConcurrency = async (osls: Osls): Promise<{ ReservedConcurrentExecutions?: number }> => {
  const text = await param(osls, 'reservedConcurrency');
  if (text === '') return {};
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return { ReservedConcurrentExecutions: count };
  throw new Error(`reservedConcurrency: found "${text}", expected a whole number from 1`);
};

/** The dashboard. */
export const dashboard = async (): Promise<Resources> => dashboardResource();

/** The attempt function's environment variables. */
export const attemptEnvironment = async (osls: Osls): Promise<Record<string, string>> => {
  await deployable(osls);
  const { jobs: found } = await declared();
  sameEndpoint(found);
  return environment(found, await providers(osls));
};

/** The attempt function's permissions. */
export const attemptStatements = async (osls: Osls): Promise<Statement[]> => {
  const { jobs, connections } = await declared();
  const kmsKey = await param(osls, 'secretsKmsKey');
  return statements(jobs, await providers(osls), { connections, kmsKey });
};
