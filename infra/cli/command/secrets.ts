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

/** Where secrets are kept: on this machine, or at a stage. `set` returns the place. */
type Keeper = {
  find(secret: Secret): Promise<Pick<SecretJson, 'place' | 'set'>>;
  set(secret: Secret, value: string): Promise<string>;
};

const keptHere = (file: string): Keeper => {
  const inFile = (variable: string): string => `${relative(process.cwd(), file)} (${variable})`;
  return {
    async find(secret) {
      const variable = secretVariable(secret);
      if (process.env[variable]) return { place: `the environment (${variable})`, set: true };
      return dotenv(file)[variable] ? { place: inFile(variable), set: true } : { place: variable, set: false };
    },
    async set(secret, value) {
      const variable = secretVariable(secret);
      await setDotenv(variable, value, file);
      return inFile(variable);
    },
  };
};

const keptAt = async (stage: string, options: SecretsOptions): Promise<Keeper> => {
  const kept = await stageSecrets(stage, regionOf(options), options.kmsKey);
  return {
    find: async (secret) => ({ place: secretPlace(secret, stage), set: await kept.isSet(secret) }),
    async set(secret, value) {
      await kept.set(secret, value);
      return secretPlace(secret, stage);
    },
  };
};

const keeper = async (options: SecretsOptions, { file }: Here): Promise<Keeper> =>
  options.stage === undefined ? keptHere(file) : keptAt(options.stage, options);

const list = async (declared: Declared[], options: SecretsOptions, here: Here, out: Terminal): Promise<number> => {
  const kept = await keeper(options, here);
  const rows: SecretJson[] = [];
  for (const { secret, connections } of declared)
    rows.push({ secret: secretName(secret), connections, ...(await kept.find(secret)) });
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
  const name = secretName(secret);
  const value = await valueFrom(name, here);
  const place = await (await keeper(options, here)).set(secret, value);
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
