import * as z from 'zod';
import { maxPageBytes, page } from '../agent/page.ts';
import { ToolError, tool } from '../agent/tool.ts';

const Input = z.strictObject({
  url: z.string().describe('The http or https URL to post to. Its host must be one the job allows.'),
  body: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .describe('What to send: an object is sent as JSON, a string as it is.'),
  contentType: z
    .string()
    .optional()
    .describe(
      'The Content-Type header. Default: `application/json` for an object, `text/plain; charset=utf-8` for a string.',
    ),
});

/** Statuses after which the server may have carried out the request. */
const mayHaveHappened = [408, 502, 504];
/** Statuses that mean: the request was not carried out and may be sent again later (RFC 6585 and RFC 9110). */
const notNow = [429, 503];

/** Posts to an allowed host, at most once per run for equal arguments. */
export default tool({
  description:
    'Sends a POST and returns {status, url, contentType, cut, body} of the response, like http_get. When the whole task is ' +
    'tried again, an answered call is not sent again: it returns the recorded response. A status of 400 or more is ' +
    'a result, not an error: read it before you report success. Only hosts that the job allows can be reached.',
  input: Input,
  effect: 'once',
  run: async ({ url, body, contentType }, { job, http, signal, idempotencyKey }) => {
    const text = typeof body === 'string';
    const headers: Record<string, string> = {
      'content-type': contentType ?? (text ? 'text/plain; charset=utf-8' : 'application/json'),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    };
    const request = { url, headers, body: text ? body : JSON.stringify(body), allow: job.allow, signal };
    const response = await http({ method: 'POST', ...request, maxBytes: maxPageBytes });
    const { status } = response;
    if (mayHaveHappened.includes(status)) throw new ToolError('interrupted', `The server answered ${status}.`);
    if (notNow.includes(status))
      throw new ToolError('unreachable', `Not done: the server answered ${status}. You may try again later.`);
    return page(response);
  },
});
