import * as z from 'zod';
import type { Model, ModelReply, ModelRequest, ReplyPart } from '../../agent/model.ts';
import { Failure } from '../../failure.ts';
import { problems } from '../../parse.ts';
import { wellFormed } from '../../text.ts';
import { Usage } from '../../usage.ts';

const modelFailures = ['ModelUnavailable', 'ModelThrottled', 'InvalidPrompt', 'UnknownModel', 'Unauthorized'] as const;

/** One reply of a scripted model, or one error. */
export const Turn = z
  .strictObject({
    text: z.string().optional().describe('What the model says. Blank plays an empty reply.'),
    tools: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe('A tool of the job.'),
          input: z.json().default({}).describe('Its input.'),
        }),
      )
      .min(1)
      .optional()
      .describe('Tools the model calls, in parallel.'),
    error: z
      .strictObject({
        name: z.enum(modelFailures).describe(`One of ${modelFailures.map((name) => `\`${name}\``).join(', ')}.`),
        message: z.string().optional().describe('What the provider says.'),
        retryAfterSeconds: z.number().nonnegative().optional().describe('The Retry-After of the provider.'),
      })
      .optional()
      .describe('How the provider fails instead of replying.'),
    finish: z
      .enum(['length', 'refused', 'other'])
      .optional()
      .describe('An unusual end of the reply: `length`, `refused` or `other`.'),
    delaySeconds: z.number().nonnegative().optional().describe('How long the reply or the error takes.'),
    usage: Usage.partial()
      .optional()
      .describe(
        'What the turn claims to have used: `inputTokens`, `outputTokens`, `usd` … By default tokens by size, and 0 usd.',
      ),
  })
  .refine(
    ({ text, tools, error }) => (error === undefined) !== (text === undefined && tools === undefined),
    'a turn has text, tools or both; or it has an error',
  );
type Turn = z.infer<typeof Turn>;

/** A scripted model's file: for each attempt its turns. Attempts past the list play the last one. */
export const Script = z.strictObject({ attempts: z.array(z.array(Turn).min(1)).min(1) });
export type Script = z.infer<typeof Script>;

/** Checks a script file's parsed content, or throws InvalidScript with every error; undefined content means no such file. */
export const readScript = (file: string, content: unknown): Script => {
  if (content === undefined) throw new Failure('InvalidScript', `script ${file}: no such file`);
  const read = Script.safeParse(content);
  if (read.success) return read.data;
  throw new Failure('InvalidScript', `script ${file}: ${problems(read.error, 'file')}`);
};

/** About four characters a token: enough for limits to mean something in a script. */
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
 * A model that plays a script. It holds no state: the turn is the number of assistant messages in the request, plus one,
 * so the same request always gets the same reply. Past the script's end it throws InvalidScript. `wait` spends the delays.
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
