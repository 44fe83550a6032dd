import * as z from 'zod';
import { placeOfUrl } from '../agent/http.ts';
import { maxPageBytes, page } from '../agent/page.ts';
import { sent } from '../agent/sent.ts';
import { tool } from '../agent/tool.ts';

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

/** Posts to an allowed host, at most once per run for equal arguments. */
export default tool({
  description:
    'Sends a POST and returns {status, url, contentType, cut, body} of the response, like http_get. When the whole task is ' +
    'tried again, a call that was done is not sent again: it returns the recorded response. A status of 400 or more is an error: the call was ' +
    'not done, or it is not known whether it was. Only hosts that the job allows can be reached.',
  input: Input,
  effect: 'once',
  outside: true,
  place: ({ url }) => placeOfUrl(url),
  run: async ({ url, body, contentType }, { job, http, signal, idempotencyKey }) => {
    const text = typeof body === 'string';
    const headers: Record<string, string> = {
      'content-type': contentType ?? (text ? 'text/plain; charset=utf-8' : 'application/json'),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    };
    const request = { url, headers, body: text ? body : JSON.stringify(body), allow: job.allow, signal };
    return page(await sent(await http({ method: 'POST', ...request, maxBytes: maxPageBytes })));
  },
});
