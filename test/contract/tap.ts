import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { listen, readBody } from '../wire/listen.ts';

/** A request as it stood on the wire: `PutItem`, and its input. */
export type Sent = { action: string; input: Record<string, unknown> };

/** What goes wrong with a request: refused as too much, or carried out and its answer lost on the way back. */
export type Fault = 'throttled' | 'lost';

export type Tap = {
  /** A client with the SDK's own settings, whose every request passes here. */
  client: DynamoDBClient;
  /** Every request so far, in order, each try of the SDK on its own. */
  sent: Sent[];
  /** What goes wrong from now on: asked for each request, with how many came before it since it was set. */
  fault: (sent: Sent, before: number) => Fault | undefined;
  close(): Promise<void>;
};

const throttling = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException',
  message: 'Rate of requests exceeds the allowed throughput.',
});
const json = { 'content-type': 'application/x-amz-json-1.0' };

const originOf = async (engine: DynamoDBClient): Promise<string> => {
  const endpoint = await engine.config.endpoint?.();
  if (!endpoint) throw new Error('the client of an engine needs an endpoint');
  return `${endpoint.protocol}//${endpoint.hostname}:${endpoint.port ?? 80}`;
};

/** Stands between a client and an engine: sees every request, and can throttle it or lose its answer. */
export const tapped = async (engine: DynamoDBClient): Promise<Tap> => {
  const origin = await originOf(engine);
  const sent: Sent[] = [];
  let asked = tapFault(() => undefined);
  const listening = await listen(async (request, response) => {
    const body = await readBody(request);
    const { 'x-amz-target': target, authorization, 'x-amz-date': date } = request.headers;
    const seen = { action: String(target).replace(/^.*\./, ''), input: JSON.parse(body.toString()) };
    sent.push(seen);
    const fault = asked(seen);
    if (fault === 'throttled') return response.writeHead(400, json).end(throttling);
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
  const { region, credentials } = engine.config;
  const client = new DynamoDBClient({ endpoint: listening.origin, region, credentials });
  return {
    client,
    sent,
    set fault(fault: Tap['fault']) {
      asked = tapFault(fault);
    },
    close: async () => {
      client.destroy();
      await listening.close();
    },
  };
};

/** Counts the requests a fault is asked about. */
const tapFault = (fault: Tap['fault']) => {
  let before = 0;
  return (sent: Sent) => fault(sent, before++);
};
