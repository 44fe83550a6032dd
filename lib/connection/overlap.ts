import { allowEntry } from '../job/allow-entry.ts';
import { type Connection, hostsOf } from './connection.ts';

type Entry = NonNullable<ReturnType<typeof allowEntry>>;

const entriesOf = (connection: Connection): Entry[] =>
  connection.kind === 'http' ? hostsOf(connection).flatMap((text) => allowEntry(text) ?? []) : [];

const isUnder = (one: Entry, other: Entry): boolean => other.pattern && one.name.endsWith(`.${other.name}`);

const meet = (one: Entry, other: Entry): boolean =>
  (one.port ?? 0) === (other.port ?? 0) &&
  ((one.name === other.name && one.pattern === other.pattern) || isUnder(one, other) || isUnder(other, one));

/** A host that two connections share, so that it would not be known whose credential a request gets. */
export const sharedHost = (one: Connection, other: Connection): string | undefined =>
  entriesOf(one).find((entry) => entriesOf(other).some((each) => meet(entry, each)))?.name;
