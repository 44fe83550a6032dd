import { relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Connection, secretOf } from '../../../lib/connection/connection.ts';
import { type Secret, secretName, secretPlace, secretProblem, secretVariable } from '../../../lib/connection/secret.ts';
import { Failure } from '../../../lib/failure.ts';
import { dotenv, setDotenv } from '../client/dotenv.ts';
import { readDeclared } from '../client/job-files.ts';
import { stageSecrets } from '../client/stage-secrets.ts';
import { regionOf, type Target } from '../client/target.ts';
import type { CommandJson, SecretJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { type Segment, toned } from '../print/line.ts';
import { json } from '../print/sanitize.ts';
import { tableLines } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';

export type SecretsOptions = Target & { infra: string; kmsKey?: string; json?: boolean };

/** This machine: where a value is typed without being shown, or read, and the file that keeps the secrets of local runs. */
export type Here = {
  ask: ((question: string) => Promise<string>) | undefined;
  input: NodeJS.ReadableStream;
  file: string;
};

type Declared = { secret: Secret; connections: string[] };

/** The secrets that connections name. */
const declaredSecrets = (connections: Connection[]): Declared[] => {
  const found = new Map<string, Declared>();
  for (const connection of connections) {
    const secret = secretOf(connection);
    if (secret === undefined) continue;
    const known = found.get(secretName(secret));
    if (known) known.connections.push(connection.name);
    else found.set(secretName(secret), { secret, connections: [connection.name] });
  }
  return [...found.values()].sort((a, b) => (secretName(a.secret) < secretName(b.secret) ? -1 : 1));
};

const inFile = (file: string, secret: Secret): string => `${relative(process.cwd(), file)} (${secretVariable(secret)})`;

const foundHere = (secret: Secret, file: string): Pick<SecretJson, 'place' | 'set'> => {
  const variable = secretVariable(secret);
  if (process.env[variable]) return { place: `the environment (${variable})`, set: true };
  return dotenv(file)[variable] ? { place: inFile(file, secret), set: true } : { place: variable, set: false };
};

const found = async (
  { secret, connections }: Declared,
  options: SecretsOptions,
  { file }: Here,
): Promise<SecretJson> => {
  const { stage, kmsKey } = options;
  const common = { secret: secretName(secret), connections };
  if (stage === undefined) return { ...common, ...foundHere(secret, file) };
  const isSet = await (await stageSecrets(stage, regionOf(options), kmsKey)).isSet(secret);
  return { ...common, place: secretPlace(secret, stage), set: isSet };
};

const list = async (declared: Declared[], options: SecretsOptions, here: Here, out: Terminal): Promise<number> => {
  const rows: SecretJson[] = [];
  for (const one of declared) rows.push(await found(one, options, here));
  if (options.json) out.say(json({ secrets: rows } satisfies CommandJson['secrets']));
  else if (rows.length === 0) out.say('No connection names a secret.');
  else {
    const cells = rows.map(({ secret, connections: users, place, set }): Segment[] => [
      secret,
      set ? 'set' : toned('bad', 'not set'),
      users.join(', '),
      toned('dim', place),
    ]);
    const titles = ['secret', '', 'connections', 'where'].map((title) => ({ title }));
    out.print(tableLines(titles, cells));
  }
  return exitCodes.succeeded;
};

const valueFrom = async (name: string, { ask, input }: Here): Promise<string> => {
  const value = (ask ? await ask(`Value of ${name} (it is not shown)`) : await text(input)).trim();
  const problem = secretProblem(value);
  if (problem !== undefined) throw new Failure('InvalidEvent', `the value of ${name}: ${problem}`);
  return value;
};

const mustBeNamed = (name: string, declared: Declared[]): Declared => {
  const one = declared.find(({ secret }) => secretName(secret) === name);
  if (one) return one;
  const names = declared.map(({ secret }) => secretName(secret)).join(', ') || 'none is named';
  throw new Failure('InvalidEvent', `no connection names a secret "${name}", expected one of: ${names}`);
};

const set = async (
  { secret, connections }: Declared,
  options: SecretsOptions,
  here: Here,
  out: Terminal,
): Promise<number> => {
  const { stage, kmsKey } = options;
  const name = secretName(secret);
  const value = await valueFrom(name, here);
  if (stage === undefined) await setDotenv(secretVariable(secret), value, here.file);
  else await (await stageSecrets(stage, regionOf(options), kmsKey)).set(secret, value);
  const place = stage === undefined ? inFile(here.file, secret) : secretPlace(secret, stage);
  const done: SecretJson = { secret: name, connections, place, set: true };
  if (options.json) out.say(json({ secrets: [done] } satisfies CommandJson['secrets']));
  else out.say(`${name} is set in ${place}. The next run of a job with ${connections.join(' or ')} uses it.`);
  return exitCodes.succeeded;
};

/**
 * Lists the secrets that connections name, and whether each is set, never a value; or sets one, from a prompt or from standard input. On this machine
 * they lie in `.env`. Throws InvalidJob, InvalidEvent, Unauthorized, StoreUnavailable.
 */
export const secrets = async (
  [action, name]: [string | undefined, string | undefined],
  options: SecretsOptions,
  here: Here,
  out: Terminal,
): Promise<number> => {
  const declared = declaredSecrets((await readDeclared(options.infra)).connections);
  if (action === undefined) return list(declared, options, here, out);
  if (action !== 'set' || name === undefined)
    throw new Failure(
      'InvalidEvent',
      `found secrets ${[action, name].join(' ').trim()}, expected secrets or secrets set <name>`,
    );
  return set(mustBeNamed(name, declared), options, here, out);
};
