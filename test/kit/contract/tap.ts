import type { ServerResponse } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { listen, readBody } from '../wire/listen.ts';

/** A request as it was sent: `PutItem`, and its input. */
export type Sent = { action: string; input: Record<string, unknown> };

/** What goes wrong with a request: refused with one of AWS's errors, carried out and its answer lost on the way back, or never heard of again. */
export type Fault = { status: number; error: string } | 'lost' | 'held';

/** DynamoDB's error for too many requests. */
export const throttled: Fault = { status: 400, error: 'ThrottlingException' };

/** A proxy in front of a service of AWS. */
export type Wiretap = {
  /** Where requests go in: `http://127.0.0.1:<port>`. */
  origin: string;
  /** Every request so far, in order, each try of the SDK on its own. */
  sent: Sent[];
  /** What goes wrong from now on: asked for each request, with how many came before it since it was set. */
  fault: (sent: Sent, before: number) => Fault | undefined;
  close(): Promise<void>;
};

/** A client with the SDK's own settings, whose every request passes here. */
export type Tap = Wiretap & { client: DynamoDBClient };

const json = { 'content-type': 'application/x-amz-json-1.0' };

const originOf = async (engine: DynamoDBClient): Promise<string> => {
  const endpoint = await engine.config.endpoint?.();
  if (!endpoint) throw new Error('the client of an engine needs an endpoint');
  return `${endpoint.protocol}//${endpoint.hostname}:${endpoint.port ?? 80}`;
};

const refuse = (response: ServerResponse, { status, error }: Exclude<Fault, string>): void => {
  const body = { __type: `com.amazonaws.dynamodb.v20120810#${error}`, message: 'Not now.' };
  response.writeHead(status, json).end(JSON.stringify(body));
};

/** A proxy in front of `origin` that records requests and can refuse them, hold them or lose their responses. */
export const wiretap = async (origin: string): Promise<Wiretap> => {
  const sent: Sent[] = [];
  let asked = tapFault(() => undefined);
  const listening = await listen(async (request, response) => {
    const body = await readBody(request);
    const { 'x-amz-target': target, authorization, 'x-amz-date': date } = request.headers;
    const seen = { action: String(target).replace(/^.*\./, ''), input: JSON.parse(body.toString()) };
    sent.push(seen);
    const fault = asked(seen);
    if (fault === 'held') return;
    if (fault !== undefined && fault !== 'lost') return refuse(response, fault);
    const headers = {
      ...json,
      'x-amz-target': `${target}`,
      authorization: `${authorization}`,
      'x-amz-date': `${date}`,
    };
    const answer = await fetch(origin, { method: 'POST', headers, body });
    const text = await answer.text();
    if (fault === 'lost') return request.socket.destroy();
    return response.writeHead(answer.status, json).end(text);
  });
  return {
    origin: listening.origin,
    sent,
    set fault(fault: Wiretap['fault']) {
      asked = tapFault(fault);
    },
    close: listening.close,
  };
};

/** A tap on the engine of this client, and a client that goes through it. */
export const tapped = async (engine: DynamoDBClient): Promise<Tap> => {
  const wire = await wiretap(await originOf(engine));
  const { region, credentials } = engine.config;
  const client = new DynamoDBClient({ endpoint: wire.origin, region, credentials });
  const { close } = wire;
  return Object.assign(wire, {
    client,
    close: async () => {
      client.destroy();
      await close();
    },
  });
};

/** Counts the requests a fault is asked about. */
const tapFault = (fault: Wiretap['fault']) => {
  let before = 0;
  return (sent: Sent) => fault(sent, before++);
};
