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

/** Limits on all runs of a job together, in one day or month of its time zone. */
const Period = z
  .strictObject({
    usd: z
      .number()
      .positive()
      .optional()
      .describe('Cost of all runs, including retries and manual runs. Ignored for models without a known price.'),
    runs: z.int().positive().optional().describe('Number of runs that the schedule started.'),
  })
  .optional();

const Limits = z.strictObject({
  steps: z.int().positive().max(10_000).default(30).describe('Model turns in one attempt.'),
  seconds: z.int().positive().max(14_400).default(900).describe('Duration of one attempt, over all its invocations.'),
  tokens: z.int().positive().default(500_000).describe('Input and output tokens of the whole run, over all attempts.'),
  usd: z
    .number()
    .positive()
    .default(1)
    .describe(
      'Cost of the whole run, over all attempts. Ignored for models without a known price; `tokens` still applies.',
    ),
  outputTokens: z
    .int()
    .positive()
    .max(1_000_000)
    .default(16_000)
    .describe('Output tokens of one model call, with the thoughts. A reply that reaches them fails as `ReplyCut`.'),
  // An invocation lasts 900 s, of which a tool may take 300 s and the commit 15 s. A longer call would be cut in each invocation.
  callSeconds: z.int().positive().max(570).default(240).describe('Duration of one model call.'),
  toolSeconds: z.int().positive().max(300).default(30).describe('Duration of one tool call.'),
  effects: z
    .record(z.string(), z.int().positive().max(100))
    .optional()
    .describe(
      'For tools that change the world: how many calls of a run may be done or may have happened, over all attempts and however worded. A call beyond is refused.',
    ),
  perDay: Period.describe("Limits on all runs in one day of the job's time zone. Later slots of that day are skipped."),
  perMonth: Period.describe(
    "Limits on all runs in one month of the job's time zone. Later slots of that month are skipped.",
  ),
});

const Retry = z.strictObject({
  attempts: z.int().positive().max(10).default(4).describe('Maximum number of attempts, including the first.'),
  firstDelaySeconds: z.number().positive().max(3600).default(2).describe('Upper bound of the first wait.'),
  factor: z.number().min(1).max(10).default(2).describe('Multiplies the upper bound after each wait.'),
  maxDelaySeconds: z
    .number()
    .positive()
    .max(3_600)
    .default(30)
    .describe("Largest upper bound. A provider's Retry-After may ask for a longer wait."),
  note: z.boolean().default(false).describe('Tell a new attempt, in one sentence, how the previous attempt failed.'),
});

const CatchUp = z.strictObject({
  policy: z
    .enum(['none', 'latest', 'all'])
    .default('latest')
    .describe(
      '`none`: each slot is recorded as missed. `latest`: one run of the latest slot covers all. `all`: each slot runs.',
    ),
  withinSeconds: z
    .int()
    .positive()
    .max(604_800)
    .default(86_400)
    .describe('Maximum age of a slot to catch up. An older slot is recorded as missed.'),
  atOnce: z
    .int()
    .positive()
    .max(100)
    .default(1)
    .describe('With `all`: how many slots the watchman starts every 5 minutes. More than 1 needs `overlap: allow`.'),
});

const Breaker = z.strictObject({
  failures: z
    .int()
    .nonnegative()
    .max(1000)
    .default(5)
    .describe('Number of failed runs in a row that opens the breaker. 0 turns it off.'),
  firstDelaySeconds: z.int().positive().max(604_800).default(900).describe('Wait before the first probe run.'),
  factor: z.number().min(1).max(10).default(2).describe('Multiplies the wait after each failed probe.'),
  maxDelaySeconds: z.int().positive().max(604_800).default(86_400).describe('Longest wait.'),
});

/** The tool with which an agent ends its attempt as failed. Every agent has it, so no job lists it. */
export const giveUpName = 'give_up';

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a local time like 08:30');

const Host = z
  .string()
  .regex(
    /^(http:\/\/)?(\*\.)?[a-zA-Z0-9.-]+(:\d{1,5})?( private)?$|^(http:\/\/)?\[[0-9a-fA-F:.]+\](:\d{1,5})?$/,
    'must be a host like api.example.com, *.example.com or localhost:8080, with http:// before it to reach it without TLS, ' +
      'or " private" after it if it has a private address',
  );

/** The content of `infra/jobs/<name>.yml`. The editors' JSON Schema and the field table of infra/jobs/README.md are generated from it. */
export const JobFile = z.strictObject({
  description: z.string().max(200).optional().describe('One sentence for people.'),
  schedule: Schedule,
  model: z
    .string()
    .refine((text) => parseModelId(text) !== undefined, `must be ${modelIdForm}`)
    .describe(
      '`anthropic/<model>`, `bedrock/<model id>`, `openai-compatible/<model>` or `scripted/<file in infra/scripts>`.',
    ),
  system: Prompt.optional().describe('The system prompt. May contain placeholders.'),
  prompt: Prompt.describe('The task, sent as the first user message. May contain placeholders like `${date}`.'),
  tools: z
    .array(z.string())
    .default([])
    .describe('Tools that the model may call: names of files in `lib/tools`, without `.ts`.'),
  allow: z
    .array(Host)
    .default([])
    .describe(
      'Hosts that tools may reach: `api.example.com` or `*.example.com`, with `:port` if it is not the default port. `http://legacy.example.com` is reached without TLS too, `wiki.example.com private` also at a private address. `localhost` and addresses need neither.',
    ),
  connections: z
    .array(z.string())
    .default([])
    .describe(
      'Connections that tools may use: names of files in `infra/connections`, without `.yml`. Their hosts are allowed, and some kinds are tools themselves.',
    ),
  result: z
    .record(z.string(), z.json())
    .optional()
    .describe('A JSON Schema that the final answer must match. Without it, the answer is text.'),
  needs: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Tools of which a call must have been done by the end. Without it, each call that changes the world must be done. Otherwise the run fails as `EffectMissing`.',
    ),
  effects: z
    .literal('lenient')
    .optional()
    .describe('`lenient`: a run succeeds although a call that changes the world is not done. Its outcome says so.'),
  limits: Limits.prefault({}).describe('Limits that end an attempt. They are checked before each model call.'),
  retry: Retry.prefault({}).describe(
    'How often a failed attempt is tried again, and after which wait: random between 0 and an upper bound (full jitter).',
  ),
  overlap: z
    .enum(['skip', 'queue-one', 'allow', 'cancel-previous'])
    .default('skip')
    .describe(
      'What happens to a slot that is due while an earlier run is open: `skip` the slot, `queue-one` (it waits for that run to end; at most one waits), `allow` both, or `cancel-previous` (stop the earlier run).',
    ),
  catchUp: CatchUp.prefault({}).describe('What happens to slots that were due but not delivered.'),
  spreadSeconds: z
    .int()
    .nonnegative()
    .max(3600)
    .default(0)
    .describe('Each run starts up to this many seconds after its slot. The offset is fixed for each job name.'),
  breaker: Breaker.prefault({}).describe(
    'After several failed runs in a row, slots are skipped until a probe run succeeds.',
  ),
  freshBy: TimeOfDay.optional().describe(
    'The local time by which a run of the day must have succeeded. Otherwise an alarm goes off.',
  ),
  enabled: z
    .boolean()
    .default(true)
    .describe('`false`: no schedule is deployed, and a delivered slot is recorded as skipped.'),
});

/** A job's name. Together with slot and suffix it fits into an execution name: at most 80 of `0-9A-Za-z-_`. */
export const JobName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be 1 to 40 of a-z, 0-9 and -, starting with a letter');

/** A declared task, complete with defaults. */
export const Job = JobFile.extend({ name: JobName });
export type Job = z.infer<typeof Job>;

/**
 * A job as a run item stores it, checked by shape alone: stricter rules must not make old runs unreadable.
 * Unknown fields are kept. A field added to the job file needs a default here.
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
  connections: z.array(z.string()).default([]),
  result: z.record(z.string(), z.json()).optional(),
  needs: z.array(z.string()).optional(),
  effects: z.string().optional(),
  limits: z.looseObject({
    effects: z.record(z.string(), z.number()).optional(),
    steps: z.number(),
    seconds: z.number(),
    tokens: z.number(),
    usd: z.number(),
    outputTokens: z.number().default(16_000),
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

/** Looks up a job of this deployment by name. Undefined if there is none. */
export type Jobs = (name: string) => Promise<Job | undefined>;
