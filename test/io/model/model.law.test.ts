import type { LanguageModelV4Content } from '@ai-sdk/provider';
import { type ModelMessage, modelMessageSchema } from 'ai';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelRequest, ToolSpec } from '../../../lib/agent/model.ts';
import { callOf } from '../../../lib/io/model/call.ts';
import { replyOf } from '../../../lib/io/model/provider-reply.ts';
import { retryAfterSeconds } from '../../../lib/io/model/retry-after.ts';
import { AssistantMessage, type Message, ToolMessage, UserMessage } from '../../../lib/run/message.ts';
import { wellFormed } from '../../../lib/text.ts';
import { noUsage } from '../../../lib/usage.ts';
import { codePoint } from '../../kit/code-point.ts';

/** Any UTF-16, including lone surrogates. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
const filled = anyText.map((text) => `${text}x`);
const json = fc.jsonValue({ stringUnit: codePoint, maxDepth: 3 });
const providerOptions = fc.option(fc.dictionary(filled, fc.dictionary(filled, json, { maxKeys: 2 }), { maxKeys: 2 }), {
  nil: undefined,
});

const assistantPart = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: filled, providerOptions }),
  fc.record({ type: fc.constant('reasoning' as const), text: anyText, providerOptions }),
  fc.record({
    type: fc.constant('tool-call' as const),
    toolCallId: filled,
    toolName: filled,
    input: fc.dictionary(filled, json, { maxKeys: 3 }),
    providerOptions,
  }),
);
const toolResult = fc.record({
  type: fc.constant('tool-result' as const),
  toolCallId: filled,
  toolName: filled,
  output: fc.record({ type: fc.constantFrom('text' as const, 'error-text' as const), value: filled }),
});
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constant('user' as const), content: filled }),
  fc.record({ role: fc.constant('assistant' as const), content: fc.array(assistantPart, { minLength: 1 }) }),
  fc.record({ role: fc.constant('tool' as const), content: fc.array(toolResult, { minLength: 1 }) }),
) as fc.Arbitrary<Message>;
const tool: ToolSpec = { name: 'a', description: 'A.', inputSchema: { type: 'object' } };
const request: fc.Arbitrary<ModelRequest> = fc.record({
  system: fc.option(anyText, { nil: undefined }),
  messages: fc.array(message, { minLength: 1, maxLength: 5 }),
  tools: fc.constant([tool]),
});

const metadata = fc.option(
  fc.dictionary(fc.constantFrom('anthropic', 'amazonBedrock', 'bedrock'), fc.dictionary(filled, json)),
  {
    nil: undefined,
  },
);
const part: fc.Arbitrary<LanguageModelV4Content> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: anyText, providerMetadata: metadata }),
  fc.record({ type: fc.constant('reasoning' as const), text: anyText, providerMetadata: metadata }),
  fc.record({
    type: fc.constant('tool-call' as const),
    toolCallId: anyText,
    toolName: anyText,
    input: fc.oneof(
      anyText,
      json.map((value) => JSON.stringify(value)),
    ),
    providerMetadata: metadata,
  }),
  fc.constant({ type: 'source' as const, sourceType: 'url' as const, id: 's', url: 'https://example.com' }),
) as fc.Arbitrary<LanguageModelV4Content>;

describe('a stored message', () => {
  it('is always a valid message of the AI SDK', () => {
    const ours: Message[] = [];
    const theirs: ModelMessage[] = ours;
    expect(theirs).toEqual([]);
    fc.assert(
      fc.property(message, (any) => {
        expect(modelMessageSchema.safeParse(any)).toMatchObject({ success: true });
      }),
    );
  });

  it('is refused where the AI SDK accepts it and a provider does not', () => {
    const blank = [
      { role: 'user', content: ' ' },
      { role: 'assistant', content: [{ type: 'text', text: '' }] },
      { role: 'assistant', content: [] },
      { role: 'tool', content: [] },
    ];
    for (const refused of blank) {
      expect(modelMessageSchema.safeParse(refused).success).toBe(true);
      for (const ours of [UserMessage, AssistantMessage, ToolMessage])
        expect(ours.safeParse(refused).success).toBe(false);
    }
  });
});

describe('a request to the AI SDK', () => {
  it('is well-formed, deterministic, and marks only the system prompt and the last message for the cache', () => {
    const cache = { anthropic: { cacheControl: { type: 'ephemeral' } } };
    fc.assert(
      fc.property(request, (asked) => {
        const before = JSON.stringify(asked);
        const call = callOf(asked, cache);
        expect(JSON.stringify(callOf(structuredClone(asked), cache))).toBe(JSON.stringify(call));
        expect(JSON.stringify(asked)).toBe(before);
        expect(JSON.stringify(call)).not.toMatch(/(^|[^\\])(\\\\)*\\ud[89a-f]/i);
        const marked = call.prompt.flatMap(({ providerOptions: mark }, index) => (mark === cache ? [index] : []));
        const system = asked.system?.trim() ? [0] : [];
        expect(marked).toEqual([...system, call.prompt.length - 1]);
      }),
    );
  });
});

describe('a reply of the AI SDK', () => {
  it('becomes well-formed JSON with every call and no blank text, whatever it held', () => {
    fc.assert(
      fc.property(fc.array(part), (content) => {
        const reply = replyOf({ content, finishReason: { unified: 'stop', raw: 'stop' }, usage: noUsage });
        expect(JSON.parse(JSON.stringify(reply.content))).toEqual(reply.content);
        expect(JSON.stringify(reply.content)).not.toMatch(/(^|[^\\])(\\\\)*\\ud[89a-f]/i);
        expect(reply.content.filter(({ type }) => type === 'tool-call')).toHaveLength(
          content.filter(({ type }) => type === 'tool-call').length,
        );
        for (const kept of reply.content) if (kept.type === 'text') expect(kept.text.trim()).not.toBe('');
        expect(reply.finish).toBe(content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop');
      }),
    );
  });
});

describe('a mended text', () => {
  it('is unchanged when it is well-formed', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        expect(wellFormed(value)).toEqual(value);
      }),
    );
  });

  it('can be written as UTF-8 and read back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(Buffer.from(wellFormed(text), 'utf8').toString('utf8')).toBe(wellFormed(text));
        expect(wellFormed({ [text]: [text] })).toEqual({ [wellFormed(text)]: [wellFormed(text)] });
      }),
    );
  });
});

describe('Retry-After', () => {
  it('is never negative and never NaN, whatever the header holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (text) => {
          const seconds = retryAfterSeconds(
            {
              headers: { 'retry-after': text, 'retry-after-ms': text, 'x-ratelimit-reset-tokens': text },
              json: { error: [{ retryDelay: text }] },
              words: `try again in ${text}`,
              status: 429,
            },
            new Date(0),
          );
          expect(seconds === undefined || seconds >= 0).toBe(true);
        },
      ),
    );
  });
});
