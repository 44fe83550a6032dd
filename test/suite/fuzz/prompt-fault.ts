import { createAnthropic } from '@ai-sdk/anthropic';
import { InvalidArgumentError } from '@ai-sdk/provider';
import { callOf } from '../../../lib/io/model/call.ts';
import type { Message } from '../../../lib/run/message.ts';
import { conversation } from '../../../lib/run/session.ts';
import type { Step } from '../../../lib/run/step.ts';
import { messageBody } from '../../kit/wire/anthropic-reply.ts';
import { refusal } from '../../kit/wire/refusal.ts';

const model = 'claude-haiku-4-5';
const house = {
  key: 'test-key',
  models: { [model]: { maxTokens: 64_000, prefill: true } },
  maxBytes: 32 * 1024 * 1024,
};

/** The strict server's refusal of a request, if any, and its reply. */
const judged = (bytes: Buffer, headers: Headers): { why: string | undefined; body: unknown } => {
  const asked = { method: 'POST', url: '/v1/messages', headers: Object.fromEntries(headers) };
  const { refused } = refusal(asked, bytes, house);
  return { why: refused?.message, body: messageBody({ text: 'Done.' }, { model, raw: '' }) };
};

/** Whether the fault is a forged signature, which only the provider can detect. */
const isForged = (why: string): boolean => why.includes('Invalid `signature` in `thinking` block');

/** Whether the provider's own code refused its options, which are opaque to the product. */
const isOpaque = (thrown: unknown): boolean =>
  InvalidArgumentError.isInstance(thrown) && thrown.argument === 'providerOptions';

/** Adds a user message after a final answer, so that the conversation is a prompt. */
const goingOn = (messages: Message[]): Message[] =>
  messages.at(-1)?.role === 'assistant' ? [...messages, { role: 'user', content: 'Go on.' }] : messages;

/** Why Anthropic's API would refuse this session as a prompt, or undefined if it accepts it. The real adapter writes the request. */
export const promptFault = async (steps: Step[]): Promise<string | undefined> => {
  let fault: string | undefined = 'the adapter sent no request';
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const { why, body } = judged(Buffer.from(String(init?.body)), new Headers(init?.headers));
    fault = why !== undefined && isForged(why) ? undefined : why;
    return Response.json(body);
  };
  const provider = createAnthropic({ apiKey: house.key, baseURL: 'http://127.0.0.1:9/v1', fetch });
  const request = { system: 'Be brief.', messages: goingOn(conversation('Go.', steps)), tools: [] };
  try {
    await provider(model).doGenerate(callOf(request, { anthropic: { cacheControl: { type: 'ephemeral' } } }));
  } catch (thrown) {
    if (isOpaque(thrown)) return undefined;
    throw thrown;
  }
  return fault;
};
