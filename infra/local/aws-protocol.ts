import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** One HTTP request with its whole body. */
export type HttpRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: string };
export type HttpReply = { status: number; headers: Record<string, string>; body: string };

/** A JSON reply as AWS's JSON protocols send it. */
export const jsonReply = (status: number, body: unknown, headers: Record<string, string> = {}): HttpReply => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
  body: JSON.stringify(body),
});

/** An error as AWS's JSON protocols send it: the SDK reads its name from `__type` or from the header. */
export const errorReply = (status: number, name: string, message: string): HttpReply =>
  jsonReply(status, { __type: name, message }, { 'x-amzn-errortype': name });

const send = (response: ServerResponse, reply: HttpReply): void => {
  const length = Buffer.byteLength(reply.body);
  response.writeHead(reply.status, { 'x-amzn-requestid': randomUUID(), ...reply.headers, 'content-length': length });
  response.end(reply.body);
};

/** Answers every request on the server. An error that `answer` throws becomes a 500 and is reported. */
export const serve = (
  server: Server,
  answer: (request: HttpRequest, response: ServerResponse) => Promise<HttpReply | 'taken'>,
  report: (error: unknown) => void,
): void => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
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
