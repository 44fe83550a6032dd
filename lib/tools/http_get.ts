import * as z from 'zod';
import { maxPageBytes, page } from '../agent/page.ts';
import { read } from '../agent/sent.ts';
import { tool } from '../agent/tool.ts';

const Input = z.strictObject({
  url: z.string().describe('The http or https URL to fetch. Its host must be one the job allows.'),
  accept: z
    .string()
    .optional()
    .describe('The Accept header, for a server that offers several formats: `application/json`.'),
});

/** Fetches a URL of an allowed host as text. */
export default tool({
  description:
    'Fetches a URL with GET and returns {status, url, contentType, cut, body}. HTML is converted to plain text with links in brackets, ' +
    'JSON and text are unchanged, other types become a note. Redirects are followed. `cut` is true if the body was longer ' +
    'than shown. A status of 400 or more is an error, with the first part of its page. Only hosts that the job allows can be reached.',
  input: Input,
  effect: 'none',
  outside: true,
  run: async ({ url, accept }, { job, http, signal }) => {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    const response = await http({ method: 'GET', url, headers, allow: job.allow, maxBytes: maxPageBytes, signal });
    return page(await read(response));
  },
});
