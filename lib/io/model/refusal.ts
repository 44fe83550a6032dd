import { APICallError } from '@ai-sdk/provider';
import { Failure, type FailureFacts, type FailureName } from '../../failure.ts';
import { failureOfError, providerError } from './provider-error.ts';
import { retryAfterSeconds } from './retry-after.ts';

/** How many characters of a provider's words a failure quotes, and of a failure's message in all. */
const maxWords = 300;
const maxMessage = 500;

/** Failures by HTTP status. Any other 4xx is InvalidPrompt, any other status ModelUnavailable. */
const byStatus: Record<number, FailureName> = {
  401: 'Unauthorized',
  402: 'Unauthorized',
  403: 'Unauthorized',
  404: 'UnknownModel',
  408: 'ModelUnavailable',
  409: 'ModelUnavailable',
  410: 'UnknownModel',
  424: 'ModelUnavailable',
  425: 'ModelUnavailable',
  429: 'ModelThrottled',
};

const nameOf = (status: number): FailureName =>
  byStatus[status] ?? (status >= 400 && status < 500 ? 'InvalidPrompt' : 'ModelUnavailable');

/** Minimum length of a secret to hide. Shorter values are placeholders (`none`, `ollama`) or ordinary words. */
const minSecret = 8;

/** The system error code (`ECONNRESET`) in the error or its first causes. */
const codeOf = (error: unknown, depth = 4): string | undefined => {
  if (!(error instanceof Error) || depth === 0) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause, depth - 1);
};

const without = (secrets: string[], text: string): string =>
  secrets
    .filter((secret) => secret.length >= minSecret)
    .reduce((left, secret) => left.replaceAll(secret, '[secret]'), text);

const requestIdOf = (headers: Record<string, string>): string | undefined =>
  headers['request-id'] ?? headers['x-amzn-requestid'] ?? headers['x-request-id'];

/** An error that a provider told: the status it came with (200 if it came in a reply), and its body as text or JSON. */
export class ToldError extends Error {
  override readonly name = 'ToldError';
  readonly told: { status: number; headers: Record<string, string>; body: unknown };

  constructor(told: ToldError['told'], cause?: unknown) {
    super('the provider told an error', { cause });
    this.told = told;
  }
}

/** An answer of a model that is larger than this client reads. */
export class ReplyTooLarge extends Error {
  override readonly name = 'ReplyTooLarge';

  constructor(most: number, unit: 'bytes' | 'characters') {
    super(`the reply is larger than ${most} ${unit}`);
  }
}

/** The first error of the chain of causes that says how large a reply was. */
const tooLarge = (error: unknown, depth = 4): ReplyTooLarge | undefined => {
  if (!(error instanceof Error) || depth === 0) return undefined;
  return error instanceof ReplyTooLarge ? error : tooLarge(error.cause, depth - 1);
};

const toldBy = (thrown: unknown): ToldError | undefined => {
  if (thrown instanceof ToldError) return thrown;
  if (!APICallError.isInstance(thrown) || thrown.statusCode === undefined) return undefined;
  const { statusCode: status, responseHeaders: headers = {}, responseBody: body } = thrown;
  return new ToldError({ status, headers, body }, thrown);
};

/** Words for an answer whose provider says nothing. */
const silent = (status: number): string => {
  if (status >= 300 && status < 400) return 'the server redirects, which a model call does not follow';
  if (status < 300) return 'the response is incomplete or invalid';
  return status < 500 ? 'the provider refused without a word' : 'the provider failed';
};

type RefusalContext = { secrets: string[]; now: Date; usage?: FailureFacts['usage'] | undefined };

/**
 * Translates an error of a model call to a failure, by HTTP status and the provider's codes. It quotes the provider's first 300 characters
 * without `secrets`. The SDK's error contains the whole request, so the failure's cause has a few safe fields instead.
 */
export const refusal = (id: string, thrown: unknown, { secrets, now, usage }: RefusalContext): Failure => {
  const used = usage && { usage };
  const error = thrown instanceof Error ? thrown : new Error();
  const large = tooLarge(error);
  const told = large ? undefined : toldBy(thrown);
  if (!told) {
    const code = codeOf(error);
    const words = large?.message ?? `no response (${code ?? error.name})`;
    return new Failure('ModelUnavailable', `${id}: ${words}`, {
      cause: { name: error.name, code },
      ...used,
    });
  }
  const { status, headers, body } = told.told;
  // The body of a good answer that could not be read is the reply itself, which no failure quotes.
  const read = providerError(status >= 300 || told === thrown ? body : '');
  const words = without(secrets, read.words).slice(0, maxWords).trim() || silent(status);
  const wait = retryAfterSeconds({ headers, json: read.json, words: read.words, status: read.status ?? status }, now);
  const name = failureOfError(read, status, nameOf);
  return new Failure(name, `${id}: ${status} ${words}`.slice(0, maxMessage).toWellFormed(), {
    cause: { name: error.name, status, code: codeOf(error), requestId: requestIdOf(headers) },
    ...(wait !== undefined && { retryAfterSeconds: wait }),
    ...used,
  });
};
