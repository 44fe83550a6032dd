import * as z from 'zod';
import { modelIdForm, parseModelId } from './model-id.ts';
import { unknownPlaceholders } from './placeholder.ts';
import { Schedule } from './schedule.ts';

const Prompt = z
  .string()
  .regex(/\S/, 'must not be blank')
  .superRefine((text, context) => {
    for (const word of unknownPlaceholders(text)) {
      context.addIssue({
        code: 'custom',
        message: `unknown placeholder \${${word}} (write $\${${word}} for the plain text)`,
      });
    }
  });

const Limits = z.strictObject({
  steps: z.int().positive().max(10_000).default(30).describe('Model turns in one attempt.'),
  seconds: z
    .int()
    .positive()
    .max(14_400)
    .default(900)
    .describe('How long one attempt may take, all its invocations together.'),
  tokens: z
    .int()
    .positive()
    .default(500_000)
    .describe('Input and output tokens of the whole run, all attempts together.'),
  usd: z
    .number()
    .positive()
    .default(1)
    .describe(
      'Cost of the whole run, all attempts together. Not held where the model has no known price: `tokens` is.',
    ),
  // Node's fetch gives up after 300 s without headers, and a call is not streamed.
  callSeconds: z.int().positive().max(290).default(240).describe('How long one model call may take.'),
  toolSeconds: z.int().positive().max(300).default(30).describe('How long one tool call may take.'),
});

const Retry = z.strictObject({
  attempts: z.int().positive().max(10).default(4).describe('Attempts in all, the first one included.'),
  firstDelaySeconds: z.number().positive().max(3600).default(2).describe('Upper bound of the first wait.'),
  factor: z.number().min(1).max(10).default(2).describe('What the bound is multiplied by for each further wait.'),
  maxDelaySeconds: z
    .number()
    .positive()
    .max(3_600)
    .default(30)
    .describe("Where the bound stops growing. A provider's Retry-After may ask for more."),
  note: z.boolean().default(false).describe('Tell a new attempt, in one sentence, how the one before it failed.'),
});

const Host = z
  .string()
  .regex(
    /^(\*\.)?[a-zA-Z0-9.-]+(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$/,
    'must be a host like api.example.com, *.example.com or localhost:8080',
  );

/** What stands in `infra/jobs/<name>.yml`. The JSON Schema for editors and the README's table are made from this. */
export const JobFile = z.strictObject({
  description: z.string().max(200).optional().describe('One sentence for people.'),
  schedule: Schedule,
  model: z
    .string()
    .refine((text) => parseModelId(text) !== undefined, `must be ${modelIdForm}`)
    .describe(
      '`anthropic/<model>`, `bedrock/<model id>`, `openai-compatible/<model>` or `scripted/<file in infra/scripts>`.',
    ),
  system: Prompt.optional().describe('The system prompt. May hold placeholders.'),
  prompt: Prompt.describe('What to do, as the first user message. May hold placeholders like `${date}`.'),
  tools: z.array(z.string()).default([]).describe('The tools the model may call: names of files in `lib/tools`.'),
  allow: z
    .array(Host)
    .default([])
    .describe(
      'The hosts tools may reach: `api.example.com`, `*.example.com`, with `:port` where it is not the usual one.',
    ),
  result: z
    .record(z.string(), z.json())
    .optional()
    .describe('A JSON Schema the final answer must fit. Without it the answer is text.'),
  limits: Limits.prefault({}).describe('What ends an attempt that goes too far. Checked before each model call.'),
  retry: Retry.prefault({}).describe(
    'How often and after how long a failed attempt is tried again. The wait is random between 0 and its bound (full jitter).',
  ),
  enabled: z.boolean().default(true).describe('`false`: no schedule is deployed and a slot is recorded as skipped.'),
});

/** A name fits in an execution name (at most 80 of `0-9A-Za-z-_`) together with slot and suffix. */
export const JobName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be 1 to 40 of a-z, 0-9 and -, starting with a letter');

/** A declared task, complete with its defaults. */
export const Job = JobFile.extend({ name: JobName });
export type Job = z.infer<typeof Job>;

/**
 * A job as a run keeps it: read by its shape alone. What was good when the run began stays good, whatever the rules are by
 * now, and what a later version added is kept. A field that is added to the job gets a default here.
 */
export const KeptJob = z.looseObject({
  name: z.string(),
  description: z.string().optional(),
  schedule: z.looseObject({
    cron: z.string().optional(),
    rate: z.string().optional(),
    at: z.string().optional(),
    timezone: z.string(),
  }),
  model: z.string(),
  system: z.string().optional(),
  prompt: z.string(),
  tools: z.array(z.string()),
  allow: z.array(z.string()),
  result: z.record(z.string(), z.json()).optional(),
  limits: z.looseObject({
    steps: z.number(),
    seconds: z.number(),
    tokens: z.number(),
    usd: z.number(),
    callSeconds: z.number(),
    toolSeconds: z.number(),
  }),
  retry: z.looseObject({
    attempts: z.number(),
    firstDelaySeconds: z.number(),
    factor: z.number(),
    maxDelaySeconds: z.number(),
    note: z.boolean(),
  }),
  enabled: z.boolean(),
}) as unknown as z.ZodType<Job>;

/** The jobs of this deployment. */
export type Jobs = (name: string) => Promise<Job | undefined>;
