import { capped } from '../text.ts';
import type { HttpResponse } from './http.ts';
import { outsideText } from './outside.ts';
import { page } from './page.ts';
import { ToolError, type ToolErrorKind } from './tool.ts';

/** Statuses of a server that did not carry out the request, and may later (RFC 6585 §4, RFC 9110 §15.6.4). */
const notNow = [429, 503];
/** The status of a server that did not wait for the request's end (RFC 9110 §15.5.9): it may have read enough of it. */
const timedOut = 408;

/** How a request that changes the world ended, by the status of its answer (RFC 9110 §15). Undefined: it is done. */
const fault = (status: number): { kind: ToolErrorKind; says: string } | undefined => {
  if (status >= 200 && status < 300) return undefined;
  if (notNow.includes(status))
    return { kind: 'unreachable', says: `Not done: the server answered ${status}. You may try again later.` };
  if (status >= 400 && status < 500 && status !== timedOut)
    return { kind: 'refused', says: `Not done: the server answered ${status}.` };
  return { kind: 'interrupted', says: `The server answered ${status}, so it may have been done.` };
};

/** How much of an error's page the model is shown, in UTF-8 bytes. */
const maxErrorBytes = 1500;

/** What the model is told of an answer with an error: the sentence, then what the server sent. */
export const errorText = async (says: string, response: HttpResponse): Promise<string> => {
  const { body } = await page(response);
  return body.trim() === '' ? says : `${says}\n${outsideText(capped(body, maxErrorBytes))}`;
};

/** The answer to a request that only read. Throws ToolError `error` for a status of 400 or more. */
export const read = async (response: HttpResponse): Promise<HttpResponse> => {
  if (response.status < 400) return response;
  throw new ToolError('error', await errorText(`The server answered ${response.status}.`, response));
};

/**
 * The answer to a request that changed the world. Throws ToolError where it did not, or may not have: `refused` (4xx), `unreachable` (429, 503:
 * not carried out), `interrupted` (408, other 5xx and 3xx: unknown, since most servers do not say whether they take a repeat for the same request).
 */
export const sent = async (response: HttpResponse): Promise<HttpResponse> => {
  const found = fault(response.status);
  if (!found) return response;
  throw new ToolError(found.kind, await errorText(found.says, response));
};
