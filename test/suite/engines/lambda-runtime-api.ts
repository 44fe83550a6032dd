import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen, readBody } from '../../kit/wire/listen.ts';

/** An event as Lambda hands it to a runtime. */
export type Invocation = { requestId: string; deadlineMs: number; arn: string; traceId: string; event: string };

/** An error that a runtime reports to Lambda. `type` is its header, which only a failed init has. */
export type RuntimeError = { errorType: string; errorMessage: string; trace: string[]; type: string | undefined };
export type Answer = { ok: true; payload: string } | { ok: false; error: RuntimeError };

export type RuntimeApi = {
  /** AWS_LAMBDA_RUNTIME_API. */
  address: string;
  /** Resolves when the runtime waits for an event, or with the error its init ended in. */
  waits(): Promise<RuntimeError | undefined>;
  /** Hands an event to the runtime that waits for one and gives its answer. */
  send(invocation: Invocation): Promise<Answer>;
  /** Requests of the runtime that Lambda would refuse. */
  refused: string[];
  close(): Promise<void>;
};

/** What a runtime may ask for: `GET next`, `POST init/error`, `POST response` and `POST error` of an event. */
const wordOf = ({ method, url = '' }: IncomingMessage): { word: string; requestId: string } => {
  const [, requestId = '', word = ''] = /^\/2018-06-01\/runtime\/(?:invocation\/(?:([\w-]+)\/)?)?(.+)$/.exec(url) ?? [];
  return { word: `${method} ${word}`, requestId };
};
/** Lambda's bound on an answer. */
const maxPayloadBytes = 6 * 1024 * 1024;

const reply = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const errorOf = (body: string, { headers }: IncomingMessage): RuntimeError => {
  const { errorType, errorMessage, trace } = JSON.parse(body);
  if (typeof errorType !== 'string' || typeof errorMessage !== 'string' || !Array.isArray(trace))
    throw new Error(`no error: ${body.slice(0, 200)}`);
  const header = headers['lambda-runtime-function-error-type'];
  return { errorType, errorMessage, trace, type: header === undefined ? undefined : String(header) };
};

/**
 * Lambda's side of the Runtime API (2018-06-01) for one process, strict: an answer must be JSON, to the event that is out, once, and the
 * next event is asked for after it. `freeze` is called whenever the runtime begins to wait for an event.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export const runtimeApi = async (freeze: () => void): Promise<RuntimeApi> => {
  const refused: string[] = [];
  let waiting = Promise.withResolvers<RuntimeError | undefined>();
  let begun = false;
  let poll: ServerResponse | undefined;
  let out: { requestId: string; answered(answer: Answer): void } | undefined;

  const next = (response: ServerResponse) => {
    if (poll !== undefined || out !== undefined) throw new Error('asked for an event before it answered the last one');
    begun = true;
    poll = response;
    freeze();
    waiting.resolve(undefined);
  };
  const initFailed = (error: RuntimeError) => {
    if (begun) throw new Error('reported a failed init after it had asked for an event');
    if (error.type !== error.errorType) throw new Error(`its error header says ${error.type}`);
    waiting.resolve(error);
  };
  const answered = (requestId: string, answer: Answer) => {
    if (out?.requestId !== requestId) throw new Error(`answered ${requestId}, which is not the current event`);
    const { answered: tell } = out;
    out = undefined;
    tell(answer);
  };
  const payloadOf = (body: Buffer): string => {
    if (body.length > maxPayloadBytes) throw new Error(`answered with ${body.length} bytes`);
    JSON.parse(body.toString());
    return body.toString();
  };

  const take: Record<string, (requestId: string, body: Buffer, request: IncomingMessage) => void> = {
    'POST response': (requestId, body) => answered(requestId, { ok: true, payload: payloadOf(body) }),
    'POST error': (requestId, body, request) =>
      answered(requestId, { ok: false, error: errorOf(body.toString(), request) }),
    'POST init/error': (_, body, request) => initFailed(errorOf(body.toString(), request)),
  };

  const listening = await listen(async (request, response) => {
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) return; // the process is gone
    const { word, requestId } = wordOf(request);
    try {
      if (word === 'GET next') return next(response);
      const taken = take[word];
      if (!taken) throw new Error(`asked for ${request.method} ${request.url}`);
      taken(requestId, body, request);
      reply(response, 202, { status: 'OK' });
    } catch (thrown) {
      const { message } = thrown as Error;
      refused.push(message);
      reply(response, 400, { errorType: 'InvalidRequest', errorMessage: message });
    }
  });
  return {
    address: listening.origin.replace('http://', ''),
    waits: () => waiting.promise,
    refused,
    send: ({ requestId, deadlineMs, arn, traceId, event }) => {
      const waits = poll;
      if (waits === undefined) throw new Error('the runtime does not wait for an event');
      poll = undefined;
      waiting = Promise.withResolvers();
      return new Promise((resolve) => {
        out = { requestId, answered: resolve };
        waits
          .writeHead(200, {
            'content-type': 'application/json',
            'lambda-runtime-aws-request-id': requestId,
            'lambda-runtime-deadline-ms': String(deadlineMs),
            'lambda-runtime-invoked-function-arn': arn,
            'lambda-runtime-trace-id': traceId,
          })
          .end(event);
      });
    },
    close: listening.close,
  };
};
