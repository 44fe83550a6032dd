import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ModelReply } from '../../../lib/agent/model.ts';
import { readScript, scripted } from '../../../lib/io/model/scripted.ts';
import { AssistantMessage, isToolName, type Message } from '../../../lib/run/message.ts';

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  maxLength: 12,
});
const turn = fc.oneof(
  fc.record({ text: anyText }),
  fc.record({
    text: anyText,
    tools: fc.array(
      fc.record({
        name: fc.string({ minLength: 1 }),
        input: fc.dictionary(anyText, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  }),
  fc.record({ error: fc.record({ name: fc.constantFrom('ModelUnavailable', 'ModelThrottled', 'InvalidPrompt') }) }),
);
const script = fc.record({
  attempts: fc.array(fc.array(turn, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
});
const signal = new AbortController().signal;

const assistant: Message = { role: 'assistant', content: [{ type: 'text', text: 'x' }] };
const request = (turns: number) => ({
  system: undefined,
  messages: [{ role: 'user', content: 'Go.' } satisfies Message, ...Array<Message>(turns).fill(assistant)],
  tools: [],
});

it('a scripted model answers the same request with the same reply or failure, in any order and also when opened again', async () => {
  await fc.assert(
    fc.asyncProperty(
      script,
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 8 }),
      async (content, attempt, order) => {
        const open = () => scripted(readScript('s', content), { file: 's', attempt }, { wait: async () => {} });
        const answer = (model: ReturnType<typeof open>, turns: number) =>
          model(request(turns), signal).catch((failure) => `${failure.name}: ${failure.message}`);
        const old = open();
        for (const turns of order) expect(await answer(old, turns)).toEqual(await answer(open(), turns));
      },
    ),
  );
});

it('a scripted model gives only replies that can be stored', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (content) => {
      const model = scripted(readScript('s', content), { file: 's', attempt: 1 }, { wait: async () => {} });
      const reply: ModelReply | undefined = await model(request(0), signal).catch(() => undefined);
      if (!reply || reply.content.length === 0) return;
      const named = reply.content.every((part) => part.type !== 'tool-call' || isToolName(part.toolName));
      expect(AssistantMessage.safeParse({ role: 'assistant', content: reply.content }).success).toBe(named);
      expect(JSON.stringify(reply.content)).not.toMatch(/(^|[^\\])(\\\\)*\\ud[89a-f]/i);
    }),
  );
});
