import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { bridge } from '../../../infra/local/dynamodb/dynamo.ts';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import { createTable } from '../../kit/dynalite-tables.ts';

const tableName = 'nightshift-year';
const credentials = { accessKeyId: 'year', secretAccessKey: 'year' };

const textOf = (body: string | Uint8Array): string =>
  typeof body === 'string' ? body : new TextDecoder().decode(body);

/** Stores on a real engine, called without a socket, because a year makes almost a million calls. */
export const yearStores = async (now: () => Date, token: () => string): Promise<Stores & { calls(): number }> => {
  const [listener] = dynalite({ createTableMs: 0 }).listeners('request') as RequestListener[];
  if (!listener) throw new Error('dynalite has no request listener');
  const answer = bridge(listener);
  let calls = 0;
  const handle = async (request: {
    method: string;
    path: string;
    headers: Record<string, string>;
    body: string | Uint8Array;
  }) => {
    calls += 1;
    const { status, headers, body } = await answer({ ...request, body: textOf(request.body) });
    return { response: { statusCode: status, headers, body: Readable.from([Buffer.from(body)]) } };
  };
  const client = new DynamoDBClient({
    endpoint: 'http://127.0.0.1:1',
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
    requestHandler: { handle: handle as never },
  });
  await createTable(client, tableName);
  const damaged = ({ message }: Error): never => {
    throw new Error(message);
  };
  return { ...dynamoStores(client, tableName, { now, token, damaged }), calls: () => calls };
};
