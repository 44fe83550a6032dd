import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** One HTTP request, read whole. */
export type WireRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: string };
export type WireReply = { status: number; headers: Record<string, string>; body: string };

/** A JSON answer as AWS's JSON protocols send it. */
export const jsonReply = (status: number, body: unknown, headers: Record<string, string> = {}): WireReply => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
  body: JSON.stringify(body),
});

/** An error as AWS's JSON protocols send it: the SDK reads its name from `__type` or from the header. */
export const errorReply = (status: number, name: string, message: string): WireReply =>
  jsonReply(status, { __type: name, message }, { 'x-amzn-errortype': name });

/**
 * Only programs on this machine are answered: a web page always sends its Origin, and a name that was made to point
 * here (DNS rebinding) is in Host.
 */
const isForeign = ({ headers }: IncomingMessage): boolean =>
  headers.origin !== undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '');

const send = (response: ServerResponse, reply: WireReply): void => {
  const length = Buffer.byteLength(reply.body);
  response.writeHead(reply.status, { 'x-amzn-requestid': randomUUID(), ...reply.headers, 'content-length': length });
  response.end(reply.body);
};

/** Answers every request on the server. What `answer` throws is a 500, and goes to `report`. */
export const serve = (
  server: Server,
  answer: (request: WireRequest, response: ServerResponse) => Promise<WireReply | 'taken'>,
  report: (error: unknown) => void,
): void => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (isForeign(request)) return send(response, errorReply(403, 'AccessDeniedException', 'not from this machine'));
    const { method = 'GET', url = '/', headers } = request;
    const reply = await answer({ method, path: url, headers, body: await text(request) }, response);
    if (reply !== 'taken') send(response, reply);
  };
  server.keepAliveTimeout = 60_000; // longer than an SDK client rests between two requests
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      report(error);
      if (response.headersSent) response.destroy();
      else send(response, errorReply(500, 'InternalServerError', String(error)));
    });
  });
};
