import { join } from 'node:path';
import { Connection, ConnectionName } from '../../connection/connection.ts';
import { Failure } from '../../failure.ts';
import { parse } from '../../parse.ts';
import { isMissing, json } from './config.ts';

/** Reads `connections/<name>.json` of the configuration directory. Throws UnknownConnection where there is none that can be read. */
export const configuredConnection =
  (directory: string) =>
  async (name: string): Promise<Connection> => {
    const file = `connections/${ConnectionName.safeParse(name).success ? name : 'unnamed'}.json`;
    try {
      return parse(Connection, await json(join(directory, file)), 'UnknownConnection', file);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      throw new Failure('UnknownConnection', `there is no connection ${JSON.stringify(name)} in this deployment`, {
        cause: thrown,
      });
    }
  };
