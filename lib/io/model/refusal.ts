import { APICallError } from '@ai-sdk/provider';
import { Failure, type FailureName } from '../../failure.ts';
import { retryAfterSeconds } from './retry-after.ts';

const maxMessage = 500;

/** What a status means where it is not the rule: other 4xx are the prompt's fault, the rest is the provider's. */
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

/** Shorter ones are placeholders (`none`, `ollama`), and ordinary words. */
const minSecret = 8;

/** The system's own code (`ECONNRESET`) of what went wrong below HTTP, at most a few causes deep. */
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

/**
 * The failure an SDK error stands for, told by its status and never by its message. Only a refusal (4xx) keeps the
 * provider's words, at most 500 characters and without the `secrets`. The cause is made anew, because the SDK's error
 * carries the whole request.
 */
export const refusal = (id: string, thrown: unknown, { secrets, now }: { secrets: string[]; now: Date }): Failure => {
  const error = thrown instanceof Error ? thrown : new Error();
  if (!APICallError.isInstance(error) || error.statusCode === undefined) {
    const code = codeOf(error);
    return new Failure('ModelUnavailable', `${id}: no answer (${code ?? error.name})`, {
      cause: { name: error.name, code },
    });
  }
  const { statusCode: status, responseHeaders: headers = {} } = error;
  const refused = status >= 400 && status < 500;
  const words = refused
    ? without(secrets, error.message)
    : status < 300
      ? 'half an answer, or no valid one'
      : 'the provider failed';
  const wait = retryAfterSeconds(headers, now);
  return new Failure(nameOf(status), `${id}: ${status} ${words}`.slice(0, maxMessage).toWellFormed(), {
    cause: { name: error.name, status, code: codeOf(error), requestId: requestIdOf(headers) },
    ...(wait !== undefined && { retryAfterSeconds: wait }),
  });
};
