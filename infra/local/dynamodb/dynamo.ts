import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import dynalite from 'dynalite';
import type { WireReply, WireRequest } from '../wire.ts';

export type Dynamo = {
  /** Dynalite's own server, bare of its listener: closing it, while it listens, is what closes the database. */
  server: Server;
  answer(request: WireRequest): Promise<WireReply>;
};

/** What dynalite asks for before it believes a request; it checks no signature. */
const signed = {
  'content-type': 'application/x-amz-json-1.0',
  authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=local, Signature=local',
  'x-amz-date': '20261122T000000Z',
};

/** The part of AWS::DynamoDB::Table's properties that CreateTable takes. */
const tableKeys = ['AttributeDefinitions', 'KeySchema', 'GlobalSecondaryIndexes', 'BillingMode'];

/**
 * Dynalite gets a request of its own making and an answer that only collects: it throws on a socket's error, and a killed
 * worker's half request would end the service.
 */
export const bridge =
  (listener: RequestListener) =>
  ({ method, path, headers, body }: WireRequest): Promise<WireReply> =>
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

const ask = (answer: Dynamo['answer'], action: string, input: unknown): Promise<WireReply> =>
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

/** Dynalite opens its database late and throws where nobody can catch it: one that cannot be opened is found here. */
const mustOpen = async (path: string): Promise<void> => {
  const database = new ClassicLevel(path);
  await database.open().catch((cause: unknown) => {
    throw new Error(`the table in ${path} cannot be opened; move it away to begin anew`, { cause });
  });
  await database.close();
};

/**
 * DynamoDB in this process, its data on disk under `<dir>/table`, with one table. A table half made by a process that
 * died holds nothing and is made anew. Throws when the table cannot be opened or is gone. The caller holds the directory's lock, listens on `server` and closes it.
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
  if (found.status !== 200) throw new Error(`the table in ${path} is gone; remove ${ready} to begin anew`);
  return { server, answer };
};
