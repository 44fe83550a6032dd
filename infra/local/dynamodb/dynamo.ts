import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import dynalite from 'dynalite';
import type { HttpReply, HttpRequest } from '../aws-protocol.ts';

export type Dynamo = {
  /** Dynalite's server without its listener. The database closes when this server is closed while it listens. */
  server: Server;
  answer(request: HttpRequest): Promise<HttpReply>;
};

/** The headers that dynalite requires. It checks no signature. */
const signed = {
  'content-type': 'application/x-amz-json-1.0',
  authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=local, Signature=local',
  'x-amz-date': '20261122T000000Z',
};

/** The properties of AWS::DynamoDB::Table that CreateTable takes. */
const tableKeys = ['AttributeDefinitions', 'KeySchema', 'GlobalSecondaryIndexes', 'BillingMode'];

/**
 * Calls dynalite's listener with a request and a response without a socket. Dynalite throws on a socket's error, and the
 * partial request of a killed worker would end the service.
 */
export const bridge =
  (listener: RequestListener) =>
  ({ method, path, headers, body }: HttpRequest): Promise<HttpReply> =>
    new Promise((resolve) => {
      const collected: Record<string, string> = {};
      const response = {
        statusCode: 200,
        setHeader: (name: string, value: unknown) => {
          collected[name.toLowerCase()] = String(value);
        },
        end: (text = '') => resolve({ status: response.statusCode, headers: collected, body: text }),
      };
      const request = Object.assign(Readable.from([Buffer.from(body)]), { method, url: path, headers });
      listener(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });

const ask = (answer: Dynamo['answer'], action: string, input: unknown): Promise<HttpReply> =>
  answer({
    method: 'POST',
    path: '/',
    headers: { ...signed, 'x-amz-target': `DynamoDB_20120810.${action}` },
    body: JSON.stringify(input),
  });

const createTable = async (answer: Dynamo['answer'], name: string, properties: Record<string, unknown>) => {
  const input = Object.fromEntries(tableKeys.filter((key) => key in properties).map((key) => [key, properties[key]]));
  const created = await ask(answer, 'CreateTable', { ...input, TableName: name });
  if (created.status !== 200) throw new Error(`the table could not be created: ${created.body}`);
  while (JSON.parse((await ask(answer, 'DescribeTable', { TableName: name })).body).Table.TableStatus !== 'ACTIVE')
    await setImmediate();
};

/** Opens and closes the database, because dynalite opens it later and throws where no caller can catch it. */
const mustOpen = async (path: string): Promise<void> => {
  const database = new ClassicLevel(path);
  await database.open().catch((cause: unknown) => {
    throw new Error(`the table in ${path} cannot be opened; move it away to start with an empty table`, { cause });
  });
  await database.close();
};

/**
 * DynamoDB in this process with one table in `<dir>/table`; a table that was only partly created is created again. The caller holds
 * the directory's lock, listens on `server` and closes it. Throws where the table cannot be opened or is gone.
 */
export const openDynamo = async (
  dir: string,
  table: { name: string; properties: Record<string, unknown> },
): Promise<Dynamo> => {
  const path = join(dir, 'table');
  const ready = join(dir, 'table.ready');
  if (!existsSync(ready)) rmSync(path, { recursive: true, force: true });
  await mustOpen(path);
  const server = dynalite({ path, createTableMs: 0 });
  const [listener] = server.listeners('request') as RequestListener[];
  if (listener === undefined) throw new Error('dynalite has no request listener');
  server.removeAllListeners('request');
  const answer = bridge(listener);
  if (!existsSync(ready)) {
    await createTable(answer, table.name, table.properties);
    writeFileSync(ready, '');
  }
  const found = await ask(answer, 'DescribeTable', { TableName: table.name });
  if (found.status !== 200)
    throw new Error(`the table in ${path} is gone; remove ${ready} to start with an empty table`);
  return { server, answer };
};
