import * as z from 'zod';
import type { Model, ModelReply, ModelRequest, ReplyPart } from '../../agent/model.ts';
import { Failure } from '../../failure.ts';
import { problems } from '../../parse.ts';
import { wellFormed } from '../../text.ts';
import { Usage } from '../../usage.ts';

const modelFailures = ['ModelUnavailable', 'ModelThrottled', 'InvalidPrompt', 'UnknownModel', 'Unauthorized'] as const;

/** One reply of a scripted model, or one failure. */
export const Turn = z
  .strictObject({
    text: z.string().optional().describe('The text of the reply. Blank text plays an empty reply.'),
    tools: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe('A tool of the job.'),
          input: z.json().default({}).describe('Its input.'),
        }),
      )
      .min(1)
      .optional()
      .describe('Tool calls of the reply, made in parallel.'),
    error: z
      .strictObject({
        name: z.enum(modelFailures).describe(`One of ${modelFailures.map((name) => `\`${name}\``).join(', ')}.`),
        message: z.string().optional().describe('The message of the failure.'),
        retryAfterSeconds: z
          .number()
          .nonnegative()
          .optional()
          .describe('The wait that the provider asks for, in seconds.'),
      })
      .optional()
      .describe('The failure of the provider, instead of a reply.'),
    finish: z
      .enum(['length', 'context', 'refused', 'broken', 'other'])
      .optional()
      .describe('An early end of the reply: `length`, `context`, `refused`, `broken` or `other`.'),
    delaySeconds: z.number().nonnegative().optional().describe('Delay before the reply or the error, in seconds.'),
    usage: Usage.partial()
      .optional()
      .describe(
        'The usage that the turn reports: `inputTokens`, `outputTokens`, `usd` … Default: tokens estimated by size, and 0 usd.',
      ),
  })
  .refine(
    ({ text, tools, error }) => (error === undefined) !== (text === undefined && tools === undefined),
    'a turn must have text, tools or both, or else an error',
  );
type Turn = z.infer<typeof Turn>;

/** A script file: the turns of each attempt. Later attempts play the last list. */
export const Script = z.strictObject({ attempts: z.array(z.array(Turn).min(1)).min(1) });
export type Script = z.infer<typeof Script>;

/** Validates a script file's parsed content. Throws InvalidScript with all errors; undefined content means that there is no file. */
export const readScript = (file: string, content: unknown): Script => {
  if (content === undefined) throw new Failure('InvalidScript', `script ${file}: there is no such file`);
  const parsed = Script.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Failure('InvalidScript', `script ${file}: ${problems(parsed.error, 'file')}`);
};

/** Estimates tokens as a quarter of the characters, so that limits work with scripts. */
const tokensIn = (value: unknown): number => Math.ceil(JSON.stringify(value).length / 4);

const contentOf = ({ text = '', tools = [] }: Turn, number: number): ReplyPart[] => [
  ...(text.trim() === '' ? [] : [{ type: 'text' as const, text: wellFormed(text) }]),
  ...tools.map(({ name, input }, index) => ({
    type: 'tool-call' as const,
    toolCallId: `call_${number}_${index + 1}`,
    toolName: name,
    input: wellFormed(input),
  })),
];

const replyOf = (turn: Turn, number: number, request: ModelRequest): ModelReply => {
  const content = contentOf(turn, number);
  return {
    content,
    finish: turn.finish ?? (turn.tools ? 'tool-calls' : 'stop'),
    usage: {
      inputTokens: tokensIn(request),
      outputTokens: tokensIn(content),
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      usd: 0,
      ...turn.usage,
    },
  };
};

/**
 * A model that plays a script. It has no state: the number of assistant messages in the request selects the turn.
 * Throws the turn's own failure, or InvalidScript after the last turn. `wait` spends the delays.
 */
export const scripted =
  (
    script: Script,
    { file, attempt }: { file: string; attempt: number },
    { wait }: { wait(seconds: number, signal: AbortSignal): Promise<void> },
  ): Model =>
  async (request, signal) => {
    signal.throwIfAborted();
    const number = 1 + request.messages.filter((message) => message.role === 'assistant').length;
    const turn = (script.attempts[attempt - 1] ?? script.attempts.at(-1))?.[number - 1];
    if (!turn) throw new Failure('InvalidScript', `script ${file}: attempt ${attempt} has no turn ${number}`);
    if (turn.delaySeconds) {
      await wait(turn.delaySeconds, signal).finally(() => signal.throwIfAborted());
    }
    if (!turn.error) return replyOf(turn, number, request);
    const { name, message = `${name}, as scripted`, retryAfterSeconds } = turn.error;
    throw new Failure(name, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
  };
