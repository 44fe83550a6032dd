import {
  type Connection,
  functionRegion,
  type HttpConnection,
  type LambdaConnection,
} from '../../../lib/connection/connection.ts';
import { toolNamesOf } from '../../../lib/connection/tool-name.ts';
import { Failure } from '../../../lib/failure.ts';
import { openCredential } from '../../../lib/io/web/authorization.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { allowEntry } from '../../../lib/job/allow-entry.ts';
import { capped } from '../../../lib/text.ts';
import { ownEnv } from '../client/dotenv.ts';
import { readDeclared } from '../client/job-files.ts';
import { regionOf, type Target } from '../client/target.ts';
import type { CommandJson, ConnectionJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { type Segment, toned } from '../print/line.ts';
import { json } from '../print/sanitize.ts';
import { tableLines } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';

export type ConnectionsOptions = Target & { infra: string; json?: boolean };

/** Where a connection leads, in a few words. */
const whereTo = (connection: Connection): string =>
  connection.kind === 'http' ? connection.hosts.join(', ') : connection.function;

const shown = (connection: Connection, users: string[]): ConnectionJson => {
  const { name, kind, description = null } = connection;
  return { connection: name, kind, description, to: whereTo(connection), tools: toolNamesOf(connection), jobs: users };
};

const list = (all: ConnectionJson[], options: ConnectionsOptions, out: Terminal): number => {
  if (options.json) out.say(json({ connections: all } satisfies CommandJson['connections']));
  else if (all.length === 0) out.say('There are no connections. A connection is one file in infra/connections.');
  else {
    const cells = all.map(({ connection, kind, to, jobs }): Segment[] => [
      connection,
      kind,
      to,
      jobs.length > 0 ? jobs.join(', ') : toned('dim', 'no job'),
    ]);
    const titles = ['connection', 'kind', 'to', 'jobs'].map((title) => ({ title }));
    out.print(tableLines(titles, cells));
  }
  return exitCodes.succeeded;
};

/** How a test of a connection ended, in words. */
type Tested = { ok: boolean; says: string };

const timeoutMs = 20_000;

const testHttp = async (connection: HttpConnection, options: ConnectionsOptions): Promise<Tested> => {
  const { name, test, hosts } = connection;
  const [first = ''] = hosts;
  if (test === undefined || first.includes('*'))
    throw new Failure(
      'InvalidEvent',
      `connection ${name}: found no test, expected test: /path, which GET reads from its first host`,
    );
  const env = { ...ownEnv(), NIGHTSHIFT_STAGE: options.stage ?? 'local' };
  const deps = { http: guardedHttp(), now: () => new Date(), env, aws: { region: regionOf(options) } };
  const http = guardedHttp({}, [await openCredential(connection, deps)]);
  const isPlain = first.startsWith('http://') || allowEntry(first)?.http;
  const url = `${isPlain ? 'http' : 'https'}://${first.replace('http://', '')}${test}`;
  const request = { method: 'GET' as const, url, headers: {}, allow: [], maxBytes: 2000 };
  const { status, body } = await http({ ...request, signal: AbortSignal.timeout(timeoutMs) });
  const said = capped(Buffer.from(body).toString(), 300);
  return { ok: status < 400, says: `${url} answered ${status}${status < 400 ? '' : `: ${said}`}` };
};

const testLambda = async (connection: LambdaConnection): Promise<Tested> => {
  const { LambdaClient, InvokeCommand } = await import('@aws-sdk/client-lambda');
  const client = new LambdaClient({ region: functionRegion(connection), maxAttempts: 1 });
  const command = new InvokeCommand({ FunctionName: connection.function, InvocationType: 'DryRun' });
  try {
    await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
    return { ok: true, says: `${connection.function} may be invoked by you; nothing was invoked` };
  } catch (thrown) {
    return { ok: false, says: `${connection.function}: ${thrown instanceof Error ? thrown.name : 'no answer'}` };
  } finally {
    client.destroy();
  }
};

const tested = async (connection: Connection, options: ConnectionsOptions): Promise<Tested> => {
  try {
    return connection.kind === 'http' ? await testHttp(connection, options) : await testLambda(connection);
  } catch (thrown) {
    if (thrown instanceof Failure || !(thrown instanceof Error)) throw thrown;
    return { ok: false, says: thrown.message };
  }
};

const test = async (connection: Connection, options: ConnectionsOptions, out: Terminal): Promise<number> => {
  const { ok, says } = await tested(connection, options);
  const found = { connection: connection.name, ok, says };
  if (options.json) out.say(json({ tested: found } satisfies CommandJson['connections']));
  else
    out.print([{ key: 'tested', whole: true, segments: [ok ? toned('good', 'good  ') : toned('bad', 'bad  '), says] }]);
  return ok ? exitCodes.succeeded : exitCodes.failed;
};

/**
 * Lists the connections and the jobs that name them, or tests one: an `http` one by its `test` path, a `lambda` one by a dry run. Throws InvalidJob,
 * InvalidEvent, Unauthorized.
 */
export const connections = async (
  [action, name]: [string | undefined, string | undefined],
  options: ConnectionsOptions,
  out: Terminal,
): Promise<number> => {
  const declared = await readDeclared(options.infra);
  const usersOf = (wanted: string) =>
    declared.jobs.filter((job) => job.connections.includes(wanted)).map((job) => job.name);
  if (action === undefined)
    return list(
      declared.connections.map((one) => shown(one, usersOf(one.name))),
      options,
      out,
    );
  if (action !== 'test' || name === undefined)
    throw new Failure(
      'InvalidEvent',
      `found connections ${[action, name].join(' ').trim()}, expected connections or connections test <name>`,
    );
  const one = declared.connections.find((each) => each.name === name);
  if (one) return test(one, options, out);
  const names = declared.connections.map((each) => each.name).join(', ') || 'there is none';
  throw new Failure('InvalidEvent', `there is no connection "${name}", expected one of: ${names}`);
};
