import * as z from 'zod';
import { Schedule } from '../schedule/schedule.ts';
import { modelIdForm, parseModelId } from './model-id.ts';
import { unknownPlaceholders } from './placeholder.ts';

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

/** What all runs of a job may take together in a day or a month of its time zone. */
const Period = z
  .strictObject({
    usd: z
      .number()
      .positive()
      .optional()
      .describe(
        'Cost of all its runs, retries and runs by hand included. Not held where the model has no known price.',
      ),
    runs: z.int().positive().optional().describe('Runs that its schedule started.'),
  })
  .optional();

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
  perDay: Period.describe('What the job may take in a day of its time zone. A slot over it is skipped.'),
  perMonth: Period.describe('What the job may take in a month of its time zone. A slot over it is skipped.'),
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

const CatchUp = z.strictObject({
  policy: z
    .enum(['none', 'latest', 'all'])
    .default('latest')
    .describe(
      '`none`: it is recorded as missed. `latest`: the last one runs and stands for those before. `all`: each runs.',
    ),
  withinSeconds: z
    .int()
    .positive()
    .max(604_800)
    .default(86_400)
    .describe('How old a slot may be to be caught up. An older one is recorded as missed.'),
  atOnce: z
    .int()
    .positive()
    .max(100)
    .default(1)
    .describe(
      'With `all`: how many are started at each look, every 5 minutes. More than one at once needs `overlap: allow`.',
    ),
});

const Breaker = z.strictObject({
  failures: z.int().nonnegative().max(1000).default(5).describe('Failed runs in a row that trip it. 0: never.'),
  firstDelaySeconds: z.int().positive().max(604_800).default(900).describe('How long it waits before the first probe.'),
  factor: z.number().min(1).max(10).default(2).describe('What the wait is multiplied by after each failed probe.'),
  maxDelaySeconds: z.int().positive().max(604_800).default(86_400).describe('Where the wait stops growing.'),
});

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a local time like 08:30');

const Host = z
  .string()
  .regex(
    /^(\*\.)?[a-zA-Z0-9.-]+(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$/,
    'must be a host like api.example.com, *.example.com or localhost:8080',
  );

/** What stands in `infra/jobs/<name>.yml`. The JSON Schema for editors and the table of infra/jobs/README.md are made from this. */
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
  overlap: z
    .enum(['skip', 'queue-one', 'allow', 'cancel-previous'])
    .default('skip')
    .describe(
      'What happens to a slot that is due while the run before it goes on: `skip` it, `queue-one` (it starts when that run ends; one at most waits), `allow` both, or `cancel-previous`.',
    ),
  catchUp: CatchUp.prefault({}).describe('What happens to slots that were due and of which no delivery was seen.'),
  spreadSeconds: z
    .int()
    .nonnegative()
    .max(3600)
    .default(0)
    .describe('Runs start up to this much after their slot, by an offset that is always the same for a job.'),
  breaker: Breaker.prefault({}).describe(
    'After so many failed runs in a row the slots are skipped, until a probe succeeds.',
  ),
  freshBy: TimeOfDay.optional().describe(
    'The local time by which a run of the day must have succeeded, or an alarm rings.',
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
    start: z.string().optional(),
    end: z.string().optional(),
    dst: z.looseObject({}).optional(),
    exclude: z.array(z.string()).optional(),
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
  overlap: z.string().default('skip'),
  catchUp: z.looseObject({}).prefault({ policy: 'latest', withinSeconds: 86_400, atOnce: 1 }),
  spreadSeconds: z.number().default(0),
  breaker: z.looseObject({}).prefault({ failures: 5, firstDelaySeconds: 900, factor: 2, maxDelaySeconds: 86_400 }),
  freshBy: z.string().optional(),
  enabled: z.boolean(),
}) as unknown as z.ZodType<Job>;

/** The jobs of this deployment. */
export type Jobs = (name: string) => Promise<Job | undefined>;
