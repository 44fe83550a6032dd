import { APICallError } from '@ai-sdk/provider';
import { Failure, type FailureName } from '../../failure.ts';
import { retryAfterSeconds } from './retry-after.ts';

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

/**
 * Translates an AI SDK error to a failure, by HTTP status. Only a 4xx keeps the provider's message, cut and without `secrets`.
 * The SDK's error contains the whole request, so the failure's cause has a few safe fields instead.
 */
export const refusal = (id: string, thrown: unknown, { secrets, now }: { secrets: string[]; now: Date }): Failure => {
  const error = thrown instanceof Error ? thrown : new Error();
  if (!APICallError.isInstance(error) || error.statusCode === undefined) {
    const code = codeOf(error);
    return new Failure('ModelUnavailable', `${id}: no response (${code ?? error.name})`, {
      cause: { name: error.name, code },
    });
  }
  const { statusCode: status, responseHeaders: headers = {} } = error;
  const refused = status >= 400 && status < 500;
  const words = refused
    ? without(secrets, error.message)
    : status < 300
      ? 'the response is incomplete or invalid'
      : 'the provider failed';
  const wait = retryAfterSeconds(headers, now);
  return new Failure(nameOf(status), `${id}: ${status} ${words}`.slice(0, maxMessage).toWellFormed(), {
    cause: { name: error.name, status, code: codeOf(error), requestId: requestIdOf(headers) },
    ...(wait !== undefined && { retryAfterSeconds: wait }),
  });
};
