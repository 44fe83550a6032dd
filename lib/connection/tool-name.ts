import type { Connection } from './connection.ts';

/** The names of the tools that a connection is, for jobs that name it. An `http` connection is none: tools reach its hosts. */
export const toolNamesOf = (connection: Connection): string[] =>
  connection.kind === 'lambda' ? [connection.name.replaceAll('-', '_')] : [];
