import fc from 'fast-check';
import * as z from 'zod';
import type { ModelReply } from '../../../../lib/agent/model.ts';
import { nextStep } from '../../../../lib/agent/next-step.ts';
import { type Tool, tool } from '../../../../lib/agent/tool.ts';
import { openModel } from '../../../../lib/io/model/model.ts';
import { sessionKey } from '../../../../lib/run/session.ts';
import type { Step } from '../../../../lib/run/step.ts';
import { byteLength } from '../../../../lib/text.ts';
import { memoryEffects } from '../../../kit/memory-effects.ts';
import { signature } from '../../../kit/wire/anthropic-reply.ts';
import { chatStream, converseStream, messageStream } from '../../../kit/wire/streamed.ts';
import { boundary, broken, ending } from '../boundary.ts';
import { changed, edits, type Json, jsonEdit } from '../hostile-json.ts';
import { answerBytes, byteServer, isPlain, transport } from '../hostile-server.ts';
import { anyText, edited, nastyTexts, textEdit } from '../hostile-text.ts';
import { noPastRuns, openWorld } from '../loopback-service.ts';
import { promptFault } from '../prompt-fault.ts';
import { run, runId, steps } from './machine-state.ts';

const secrets: Record<string, string> = {
  ANTHROPIC_API_KEY: 'sk-ant-very-secret',
  OPENAI_COMPATIBLE_API_KEY: 'sk-oai-very-secret',
  AWS_BEARER_TOKEN_BEDROCK: 'bedrock-very-secret',
};

const words = fc.oneof({ weight: 3, arbitrary: fc.constant('So.') }, anyText);
const call = fc.record({
  id: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('toolu_1', 'toolu_2', 'call_1_1') },
    fc.constantFrom(...nastyTexts),
  ),
  name: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('look', 'act') }, fc.constantFrom(...nastyTexts)),
  input: fc.oneof({ weight: 3, arbitrary: fc.constantFrom<Json[]>({}, { text: 'x' }) }, fc.jsonValue({ maxDepth: 2 })),
});
const talk = fc.record({
  thought: fc.option(fc.constantFrom('hm', ''), { nil: undefined, freq: 3 }),
  text: fc.option(words, { nil: undefined }),
  calls: fc.array(call, { maxLength: 3 }),
  stop: fc.oneof({ weight: 8, arbitrary: fc.constant('end') }, fc.constantFrom('length', 'refused', 'pause_turn', '')),
  tokens: fc.oneof(
    { weight: 6, arbitrary: fc.constant(100) },
    fc.constantFrom<Json[]>(0, -1, 1.5, 1e15, 1e300, null, '7'),
  ),
});
type Talk = typeof talk extends fc.Arbitrary<infer T> ? T : never;

const stopped = (stop: string, names: Record<string, string>): string => names[stop] ?? stop;

/** A reply in the JSON of each provider. */
const dialects: Record<'anthropic' | 'openai' | 'bedrock', (talk: Talk) => Json> = {
  anthropic: ({ thought, text, calls, stop, tokens }) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [
      ...(thought === undefined ? [] : [{ type: 'thinking', thinking: thought, signature: signature(thought) }]),
      ...(text === undefined ? [] : [{ type: 'text', text }]),
      ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
    ],
    stop_reason: stopped(stop, {
      end: calls.length > 0 ? 'tool_use' : 'end_turn',
      length: 'max_tokens',
      refused: 'refusal',
    }),
    stop_sequence: null,
    usage: { input_tokens: tokens, output_tokens: 10, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
  }),
  openai: ({ thought, text, calls, stop, tokens }) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'local',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text ?? null,
          ...(thought === undefined ? {} : { reasoning_content: thought }),
          ...(calls.length > 0 && {
            tool_calls: calls.map(({ id, name, input }) => ({
              id,
              type: 'function',
              function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
            })),
          }),
        },
        finish_reason: stopped(stop, {
          end: calls.length > 0 ? 'tool_calls' : 'stop',
          length: 'length',
          refused: 'content_filter',
        }),
      },
    ],
    usage: { prompt_tokens: tokens, completion_tokens: 10, total_tokens: 110 },
  }),
  bedrock: ({ thought, text, calls, stop, tokens }) => ({
    output: {
      message: {
        role: 'assistant',
        content: [
          ...(thought === undefined
            ? []
            : [{ reasoningContent: { reasoningText: { text: thought, signature: 'sig' } } }]),
          ...(text === undefined ? [] : [{ text }]),
          ...calls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
        ],
      },
    },
    stopReason: stopped(stop, {
      end: calls.length > 0 ? 'tool_use' : 'end_turn',
      length: 'max_tokens',
      refused: 'content_filtered',
    }),
    usage: { inputTokens: tokens, outputTokens: 10, totalTokens: 110 },
    metrics: { latencyMs: 1 },
  }),
};
const ids = {
  anthropic: 'anthropic/claude-haiku-4-5',
  openai: 'openai-compatible/local',
  bedrock: 'bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0',
};

const errorBody = fc.constantFrom(
  '{"error":{"type":"x","message":"your key sk-ant-very-secret or sk-oai-very-secret is bad"}}',
  '{"type":"error","error":{"message":null}}',
  '{"message":"sk-oai-very-secret bedrock-very-secret"}',
  '<html><h1>502</h1>',
  '',
  '[]',
  '"',
);
const cases = fc.record({
  talk,
  changes: edits(jsonEdit, 8),
  scratches: edits(textEdit, 12),
  transport,
  /** Most servers stream, and some answer whole. */
  streamed: fc.boolean(),
  type: fc.constantFrom('application/json', 'text/event-stream', 'text/html', '', 'application/json; charset=utf-16'),
  error: fc.option(errorBody, { nil: undefined, freq: 5 }),
});

const stub = (effect: Tool['effect']): Tool =>
  tool({ description: 'Any.', input: z.record(z.string(), z.unknown()), effect, run: async (input) => input }) as Tool;

const turnDeps = () => ({
  tools: { look: stub('none'), act: stub('once') },
  effects: memoryEffects(),
  readResult: (text: string) => ({ value: text }),
  context: {
    job: run.job,
    runId,
    slot: run.slot,
    attempt: 1,
    http: () => Promise.reject(new Error('no network here')),
    pastRuns: noPastRuns,
  },
  timeout: () => new AbortController().signal,
  fence: async () => undefined,
  now: () => new Date('2026-11-22T07:00:06Z'),
});

const first = steps[0] as Step;

const streams = { anthropic: messageStream, openai: chatStream, bedrock: converseStream };

/** A reply as its provider streams it, or undefined where it was changed into something that no stream has. */
const streamOf = (dialect: keyof typeof dialects, reply: Json): Buffer | undefined => {
  try {
    return Buffer.from(streams[dialect](reply as never) as never);
  } catch {
    return undefined;
  }
};

/** Edits bytes as characters of one byte each, so that a frame keeps its length. */
const scratched = (bytes: Buffer, scratches: Case['scratches']): Buffer =>
  scratches.length === 0 ? bytes : Buffer.from(edited(bytes.toString('latin1'), scratches), 'latin1');

const bodyOf = (
  dialect: keyof typeof dialects,
  { talk: said, changes, scratches, streamed, error, transport: { status } }: Case,
): Buffer => {
  if (error !== undefined && status !== 200) return Buffer.from(error);
  const reply = changed(dialects[dialect](said), changes);
  const stream = streamed || dialect === 'bedrock' ? streamOf(dialect, reply) : undefined;
  return stream ? scratched(stream, scratches) : Buffer.from(edited(JSON.stringify(reply) ?? '', scratches));
};
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const secretOf = {
  anthropic: secrets.ANTHROPIC_API_KEY,
  openai: secrets.OPENAI_COMPATIBLE_API_KEY,
  bedrock: secrets.AWS_BEARER_TOKEN_BEDROCK,
};

/** Keys that the AI SDK refuses, because they could pollute prototypes. */
const pollutes = /"(__proto__|constructor)":/;

/** Whether a case is what a provider really sends, sent properly. */
const isGood = ({ transport: sent, changes, scratches, talk: said }: Case): boolean =>
  isPlain(sent) &&
  changes.length === 0 &&
  scratches.length === 0 &&
  said.tokens === 100 &&
  !pollutes.test(JSON.stringify(said.calls));

/** By what names a good case may be refused. */
const refusals = ({ talk: said }: Case): string[] => [
  ...['EmptyReply', 'ReplyCut', 'ReplyRefused', 'ItemTooLarge'],
  // In a stream, the AI SDK takes a call without a name for a piece of another call: the reply then lacks a call.
  ...(said.stop === 'pause_turn' || said.calls.some(({ name }) => name.trim() === '') ? ['ModelUnavailable'] : []),
];

/** Answers of a provider, byte by byte. Each becomes a step of a session that stays a prompt, or is refused by name. */
const replyBoundary = async (dialect: keyof typeof dialects) => {
  const world = await openWorld();
  const server = await byteServer();
  const url = `http://${server.host}`;
  const env = {
    ANTHROPIC_BASE_URL: url,
    OPENAI_COMPATIBLE_BASE_URL: `${url}/v1`,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url,
    AWS_REGION: 'eu-west-1',
  };
  const clock = { now: () => new Date('2026-11-22T07:00:06Z'), wait: async () => {} };
  const model = await openModel(
    ids[dialect],
    { attempt: 1, env },
    { secret: async (name) => secrets[name], script: async () => undefined, clock },
  );
  const key = sessionKey(runId, 1);
  const items = await world.made(({ sessions }) => sessions.append(key, first));
  const request = { system: 'Be brief.', messages: [{ role: 'user' as const, content: 'Go.' }], tools: [] };

  const committed = async (reply: ModelReply): Promise<string> => {
    const step = await nextStep(reply, { startedAt: clock.now(), steps: [first] }, turnDeps());
    await world.stores.sessions.append(key, step);
    const fault = await promptFault(await world.stores.sessions.load(key));
    return fault === undefined
      ? 'accepted'
      : broken('the session with this step is not a valid prompt', { fault, turn: step.messages });
  };

  return boundary({
    cases,
    judge: async (one) => {
      world.aws.replaceItems(items);
      server.answer(answerBytes(bodyOf(dialect, one), one.type, one.transport), one.transport);
      const ended = await ending(async () => committed(await model(request, new AbortController().signal)));
      if ('value' in ended) return ended.value;
      const { message } = ended.failure;
      if (message.includes(String(secretOf[dialect])) || byteLength(message) > 2000)
        return broken('the refusal shows a secret or is too long', message);
      if (world.aws.puts > 0)
        return broken('the reply was refused and a step was written', [...world.aws.items.values()]);
      if (isGood(one) && !refusals(one).includes(ended.refused))
        return broken('a valid reply is refused', ended.failure);
      return ended.refused;
    },
    close: async () => {
      await server.close();
      await world.close();
    },
  });
};

export const anthropicReply = () => replyBoundary('anthropic');
export const openaiReply = () => replyBoundary('openai');
export const bedrockReply = () => replyBoundary('bedrock');
