import { allowProblem } from '../job/allow-problem.ts';
import { fileName, inOurWords, issueProblems, nameProblems, type Problem, type Source } from '../job/job-file.ts';
import { nearest } from '../job/suggestion.ts';
import { type Connection, type ConnectionKind, ConnectionName, connectionKinds } from './connection.ts';

const isKind = (kind: unknown): kind is ConnectionKind =>
  typeof kind === 'string' && Object.hasOwn(connectionKinds, kind);

const unknownKind = (kind: unknown): string => {
  const kinds = Object.keys(connectionKinds);
  if (kind === undefined) return `missing, expected one of ${kinds.join(', ')}`;
  const near = typeof kind === 'string' ? nearest(kind, kinds) : undefined;
  return `found ${JSON.stringify(kind)}, expected one of ${kinds.join(', ')}${near ? `, did you mean ${near}?` : ''}`;
};

/** A connection that needs a secret and names none, or names one that nothing uses. */
const secretProblems = (source: Source, connection: Connection): Problem[] => {
  if (connection.kind !== 'http') return [];
  const { auth, secret } = connection;
  const needs = auth !== undefined && auth.sigv4 === undefined;
  if (needs && secret === undefined)
    return [source.at(['auth'], 'found no secret beside it, expected secret: <name of a secret>')];
  if (!needs && secret !== undefined)
    return [
      source.at(
        ['secret'],
        `found a secret that ${auth ? 'sigv4 does not use' : 'nothing sends'}, expected ${auth ? 'none' : 'auth: { … } beside it'}`,
      ),
    ];
  return [];
};

/** Hosts that would be refused in `allow`, and a place for tokens that would. */
const hostProblems = (source: Source, connection: Connection): Problem[] => {
  if (connection.kind !== 'http') return [];
  const { hosts, auth } = connection;
  const problem = (path: PropertyKey[], host: string): Problem[] => {
    const found = allowProblem(host);
    return found === undefined ? [] : [source.at(path, found)];
  };
  const url = auth?.oauth && new URL(auth.oauth.tokenUrl);
  return [
    ...hosts.flatMap((host, at) => problem(['hosts', at], host)),
    ...(url ? problem(['auth', 'oauth', 'tokenUrl'], url.host) : []),
  ];
};

/** The connection in a file `<name>.yml`, complete with defaults, or all problems of the file. */
export const readConnectionFile = (source: Source): { connection: Connection } | { problems: Problem[] } => {
  if (source.problems.length > 0) return { problems: source.problems };
  const badName = nameProblems(source, ConnectionName, 'connection');
  const value: { kind?: unknown } = source.value instanceof Object ? source.value : {};
  if (!isKind(value.kind)) return { problems: [...badName, source.at(['kind'], unknownKind(value.kind))] };
  const schema = connectionKinds[value.kind];
  const read = schema.safeParse(source.value, { error: inOurWords });
  if (!read.success) return { problems: [...badName, ...issueProblems(source, read.error.issues, schema)] };
  const connection: Connection = { ...read.data, name: fileName(source) };
  const problems = [...badName, ...secretProblems(source, connection), ...hostProblems(source, connection)];
  return problems.length > 0 ? { problems } : { connection };
};
