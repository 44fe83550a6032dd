/** Files that a team adds to its checkout, by their paths: jobs of every kind, scripts, holidays and tools. All of them are valid. */
export const userFiles: Record<string, string> = {
  // This job and the next have the names of jobs that other tests declare for themselves.
  'infra/jobs/report.yml': `
description: Every working day, what changed on a page.
schedule: { cron: 15 6 ? * MON-FRI *, timezone: Europe/Brussels, exclude: [be, 2199-05-05] }
model: anthropic/claude-sonnet-4-5
prompt: What is new on https://news.example.com since \${since}?
tools: [http_get, previous_result, count_words]
allow: [news.example.com]
limits: { steps: 12, usd: 0.5 }
`,
  'infra/jobs/page-watch.yml': `
schedule: { rate: 1 minute }
model: scripted/page-watch
prompt: Is the page there?
tools: [http_get]
allow: [www.example.org]
`,
  'infra/jobs/renewal.yml': `
schedule: { at: "2199-12-24T18:00:00", timezone: UTC }
model: bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0
prompt: Say that the certificate ends tomorrow.
tools: [ring_bell]
allow: [bell.example.com]
`,
  'infra/jobs/scores.yaml': `
schedule: { cron: 30 2 * * ? *, timezone: America/New_York, dst: { gap: after, fold: last } }
model: openai-compatible/llama3.2
prompt: Rate the runs of yesterday from 1 to 10.
tools: [list_runs]
result:
  type: object
  required: [score]
  properties: { score: { type: integer, minimum: 1, maximum: 10 } }
`,
  'infra/jobs/off.yml': 'schedule: { rate: 12 hours }\nmodel: scripted/spare\nprompt: Never.\nenabled: false\n',
  'infra/scripts/page-watch.yml': `
attempts:
  - - tools: [{ name: http_get, input: { url: "https://www.example.org" } }]
    - text: It is there.
`,
  'infra/scripts/spare.yml': 'attempts: [[{ text: Nothing to do. }]]\n',
  'infra/holidays/be.yml': '# Belgium\n2199-07-21: Nationale feestdag\n2199-12-25: Kerstmis\n',
  'lib/tools/count_words.ts': `import * as z from 'zod';
import { tool } from '../agent/tool.ts';

export default tool({
  description: 'Counts the words of a text.',
  input: z.strictObject({ text: z.string() }),
  effect: 'none',
  run: async ({ text }) => ({ words: text.split(/\\s+/).filter(Boolean).length }),
});
`,
  'lib/tools/ring_bell.ts': `import * as z from 'zod';
import { ToolError, tool } from '../agent/tool.ts';

export default tool({
  description: 'Rings the bell of the office. Returns the status of its server.',
  input: z.strictObject({ times: z.int().min(1).max(3) }),
  effect: 'once',
  run: async ({ times }, { http, job, signal, idempotencyKey = '' }) => {
    const url = \`https://bell.example.com/ring?times=\${times}\`;
    const headers = { 'idempotency-key': idempotencyKey };
    const { status } = await http({ method: 'POST', url, headers, allow: job.allow, maxBytes: 1_000, signal });
    if (status >= 400) throw new ToolError('refused', \`The bell answered \${status}.\`);
    return { status };
  },
});
`,
};
