import { eventText, mendedEvents, type StreamEvent } from './event-stream.ts';
import { ReplyTooLarge, ToldError } from './refusal.ts';

/** How large a model's answer may be, and an error's, in bytes. */
const maxAnswerBytes = 32 * 1024 * 1024;
const maxErrorBytes = 64 * 1024;

/**
 * A provider's form of replies. `event` mends one event of a stream; `whole` turns a reply that came in one piece into events. Both throw
 * ToldError for an error in a good answer. `ended` says whether the reply came to its end.
 */
export type Dialect = {
  event(event: StreamEvent): StreamEvent[];
  whole(body: string): StreamEvent[];
  ended(): boolean;
};

/** What one model call sees of its network: the `fetch` for the AI SDK, and the error that ended the answer. */
export type Wire = { fetch: typeof globalThis.fetch; error(): ToldError | undefined; ended(): boolean };

/** Ends a body that is larger than it may be. */
const bounded = (maxBytes: number): TransformStream<Uint8Array, Uint8Array> => {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new ReplyTooLarge(maxBytes, 'bytes');
      controller.enqueue(chunk);
    },
  });
};

/** The first bytes of an error's body. The rest is not read. */
const opening = async (response: Response, maxBytes: number): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) break;
    chunks.push(value);
    bytes += value.byteLength;
    if (bytes >= maxBytes) {
      await reader?.cancel();
      break;
    }
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxBytes));
};

/** Headers of a body that was decoded and changed. */
const headersOf = ({ headers }: Response): Headers => {
  const kept = new Headers(headers);
  for (const name of ['content-encoding', 'content-length']) kept.delete(name);
  return kept;
};

/** Statuses whose answer has no body. */
const bodiless = [204, 205, 304];

/** Whether a body is one value instead of a stream of events, by its first character that is no white space. */
const isWhole = (opening: string): boolean => !/^[a-z:]/i.test(opening.trimStart());

/** A stream that begins with `first` and goes on with the rest of a reader. */
const resumed = (first: Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of first) controller.enqueue(chunk);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });

/** Reads chunks until one shows how the body begins. */
const begun = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ chunks: Uint8Array[]; text: string }> => {
  const chunks: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let text = '';
  while (text.trim() === '') {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    text += decoder.decode(value, { stream: true });
  }
  return { chunks, text };
};

/** The answer as server-sent events that the AI SDK can read. `events` ends them at an error. */
const asEvents = async (
  body: ReadableStream<Uint8Array>,
  dialect: Dialect,
  events: (work: () => StreamEvent[]) => StreamEvent[] | undefined,
): Promise<ReadableStream<Uint8Array>> => {
  const reader = body.pipeThrough(bounded(maxAnswerBytes)).getReader();
  const { chunks, text } = await begun(reader);
  const source = resumed(chunks, reader);
  if (!isWhole(text)) return source.pipeThrough(mendedEvents((event) => events(() => dialect.event(event))));
  const whole = await new Response(source).text();
  const texts = events(() => dialect.whole(whole))?.map(eventText) ?? [];
  return new Blob(texts).stream();
};

/** Node's own HTTP client gives up after 300 seconds without a byte. The limit of a call is `limits.callSeconds`, so this one is off. */
const patience = (): object => {
  const current = Object(globalThis)[Symbol.for('undici.globalDispatcher.1')];
  return typeof current?.constructor === 'function'
    ? { dispatcher: new current.constructor({ headersTimeout: 0, bodyTimeout: 0 }) }
    : {};
};
let patient: object | undefined;

/**
 * The network of one model call. It follows no redirect, because the prompt and the key are for one origin. Bodies are bounded. Without a
 * dialect the body passes as it is.
 */
export const wireOf = (dialect?: Dialect): Wire => {
  let error: ToldError | undefined;
  const events = (work: () => StreamEvent[]): StreamEvent[] | undefined => {
    try {
      return work();
    } catch (thrown) {
      if (!(thrown instanceof ToldError)) throw thrown;
      error = thrown;
      return undefined;
    }
  };
  return {
    error: () => error,
    ended: () => dialect?.ended() ?? true,
    fetch: async (input, init) => {
      patient ??= patience();
      const response = await fetch(input, { ...init, ...patient, redirect: 'manual' });
      const { status, statusText } = response;
      const headers = headersOf(response);
      if (!response.ok) {
        const body = await opening(response, maxErrorBytes);
        return new Response(bodiless.includes(status) ? null : body, { status, statusText, headers });
      }
      if (!response.body) return response;
      const body = dialect
        ? await asEvents(response.body, dialect, events)
        : response.body.pipeThrough(bounded(maxAnswerBytes));
      return new Response(body, { status, statusText, headers });
    },
  };
};
