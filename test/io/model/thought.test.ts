import type { LanguageModelV4Content, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { promptWithThoughts, splitThought, withThoughts } from '../../../lib/io/model/thought.ts';

describe('a thought in the text of a reply', () => {
  it.each([
    ['<think>Hm.</think>Done.', 'Hm.', 'Done.'],
    ['\n<think>\nHm.\n</think>\n\nDone.', 'Hm.', '\n\nDone.'],
    ['<thinking>Hm.</thinking>Done.', 'Hm.', 'Done.'],
    ['[THINK]Hm.[/THINK]Done.', 'Hm.', 'Done.'],
    ['Hm.</think>\nDone.', 'Hm.', '\nDone.'],
    ['<think>Hm. And on', 'Hm. And on', ''],
    ['<think></think>Done.', '', 'Done.'],
    ['Done.', '', 'Done.'],
    ['The tag <think>a</think> is an example.', '', 'The tag <think>a</think> is an example.'],
    ['`</think>` ends it.', '', '`</think>` ends it.'],
  ])('is told from the answer: %j', (text, thought, answer) => {
    expect(splitThought(text)).toEqual({ thought, answer });
  });

  it('is found quickly in a megabyte', () => {
    const startedAt = performance.now();
    for (const text of ['<think>'.repeat(150_000), 'x</think'.repeat(130_000)]) splitThought(text);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

const call = { type: 'tool-call' as const, toolCallId: 'c', toolName: 'look', input: '{}' };
const said: LanguageModelV4Content[] = [{ type: 'reasoning', text: 'Hm.' }];
/** The message that goes back after a reply, with its thoughts as they came. */
const back = (
  content: LanguageModelV4Content[],
  field: Parameters<typeof withThoughts>[1]['field'],
  details = [{}],
) => {
  const parts = withThoughts(content, { field, details }).map((part) =>
    'providerMetadata' in part ? { ...part, providerOptions: part.providerMetadata } : part,
  );
  const prompt = [{ role: 'assistant', content: parts }] as LanguageModelV4Prompt;
  const of = (send: boolean) => promptWithThoughts(prompt, send)[0]?.providerOptions?.openaiCompatible;
  return { sent: of(true), withheld: of(false), content: promptWithThoughts(prompt, true)[0]?.content };
};

describe('a thought of an OpenAI-compatible server', () => {
  it.each([
    ['reasoning_content', { reasoning_content: 'Hm.' }],
    ['reasoning', { reasoning: 'Hm.' }],
    ['reasoning_details', { reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', signature: 's' }] }],
    ['content', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] }],
    [undefined, {}],
  ] as const)('goes back as it came, or not at all: %s', (field, fields) => {
    const details = [{ type: 'reasoning.text', text: 'Hm.', signature: 's' }];
    const { sent, withheld, content } = back([...said, call], field, details);
    expect(sent ?? {}).toEqual(fields);
    expect(withheld ?? {}).toEqual({});
    expect(content).toEqual([call]);
  });

  it('goes back empty beside a call, where it came empty', () => {
    expect(back([call], 'reasoning_content').sent).toEqual({ reasoning_content: '' });
    expect(withThoughts([{ type: 'text', text: 'Done.' }], { field: 'reasoning_content', details: [] })).toEqual([
      { type: 'text', text: 'Done.' },
    ]);
  });

  it('that came in a tag is kept as a thought, and does not go back', () => {
    const content: LanguageModelV4Content[] = [{ type: 'text', text: '<think>Hm.</think>I look.' }, call];
    expect(withThoughts(content, { details: [] })).toEqual([
      { type: 'reasoning', text: 'Hm.', providerMetadata: { openaiCompatible: { thought: 'tag' } } },
      { type: 'text', text: 'I look.' },
      call,
    ]);
    expect(back(content, undefined).sent).toEqual({});
  });
});
