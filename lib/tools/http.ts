import * as z from 'zod';
import { isSafe, methods, placeOfUrl } from '../agent/http.ts';
import { maxPageBytes, page } from '../agent/page.ts';
import { read, sent } from '../agent/sent.ts';
import { ToolError, tool } from '../agent/tool.ts';

/** Headers that say what is asked or sent. A credential is never among them: connections add theirs. */
const mayBeSet = ['accept', 'accept-language', 'content-type', 'if-match', 'if-none-match', 'prefer', 'range'];
const free = /^x-(?!amz-|forwarded|real-ip|api-key|auth)[a-z0-9-]+$/;

const isSettable = (name: string): boolean => mayBeSet.includes(name.toLowerCase()) || free.test(name.toLowerCase());

const Input = z.strictObject({
  method: z.enum(methods).describe('GET and HEAD read; the others change something.'),
  url: z.string().describe('The http or https URL. Its host must be one that the job allows or has a connection to.'),
  headers: z
    .record(z.string(), z.string())
    .refine((headers) => Object.keys(headers).every(isSettable), `only ${mayBeSet.join(', ')} and x-… may be set`)
    .optional()
    .describe(`Headers: ${mayBeSet.join(', ')} and x-…. A credential is added where the host has one.`),
  body: z
    .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
    .optional()
    .describe('What to send: an object or a list is sent as JSON, a string as it is.'),
});

const MethodOf = z.object({ method: z.enum(methods) });

/** Whether a call reads, by its arguments as they came. */
const reads = (input: unknown): boolean => {
  const asked = MethodOf.safeParse(input);
  return asked.success && isSafe(asked.data.method);
};

const contentType = (body: unknown): Record<string, string> => {
  if (body === undefined) return {};
  return { 'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json' };
};

/** Makes a request of any method to a host that the job allows or has a connection to. */
export default tool({
  description:
    'Makes an HTTP request and returns {status, url, contentType, cut, body}. HTML becomes plain text with links in brackets. GET and HEAD read. ' +
    'Other methods change something: an equal call is made at most once a run, and returns the recorded response afterwards. A status of 400 or more ' +
    'is an error. Credentials of the host are added by themselves; never write one.',
  input: Input,
  effect: (input) => (reads(input) ? 'none' : 'once'),
  outside: true,
  place: ({ method, url }) => `${method} ${placeOfUrl(url)}`,
  run: async ({ method, url, headers = {}, body }, { job, http, signal, idempotencyKey }) => {
    if (isSafe(method) && body !== undefined)
      throw new ToolError('refused', `A ${method} has no body: put what you ask for into the URL.`);
    const own: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await http({
      method,
      url,
      headers: { ...contentType(body), ...headers, ...own },
      ...(text !== undefined && { body: text }),
      allow: job.allow,
      maxBytes: maxPageBytes,
      signal,
    });
    return page(await (isSafe(method) ? read(response) : sent(response)));
  },
});
