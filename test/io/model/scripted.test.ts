import { describe, expect, it } from 'vitest';
import type { ModelRequest } from '../../../lib/agent/model.ts';
import { readScript, scripted } from '../../../lib/io/model/scripted.ts';
import type { Message } from '../../../lib/run/message.ts';

const signal = new AbortController().signal;
/** A request after so many model turns. */
const following = (turns: number): ModelRequest => ({
  system: undefined,
  messages: [
    { role: 'user', content: 'Go.' },
    ...Array.from({ length: turns }, (): Message => ({ role: 'assistant', content: [{ type: 'text', text: 'x' }] })),
  ],
  tools: [],
});

const play = (content: unknown, attempt = 1, waits: number[] = []) =>
  scripted(
    readScript('demo', content),
    { file: 'demo', attempt },
    { wait: async (seconds) => void waits.push(seconds) },
  );

const story = {
  attempts: [
    [
      { text: 'I look.', tools: [{ name: 'http_get', input: { url: 'u' } }, { name: 'list_runs' }] },
      { error: { name: 'ModelThrottled', retryAfterSeconds: 3 }, delaySeconds: 2 },
    ],
    [{ text: 'Done.', usage: { inputTokens: 7, usd: 0.5 } }],
  ],
};

describe('a scripted model', () => {
  it('plays the turn after the turns in the request', async () => {
    const { content, finish } = await play(story)(following(0), signal);
    expect(finish).toBe('tool-calls');
    expect(content).toEqual([
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', toolCallId: 'call_1_1', toolName: 'http_get', input: { url: 'u' } },
      { type: 'tool-call', toolCallId: 'call_1_2', toolName: 'list_runs', input: {} },
    ]);
  });

  it('fails as its script says, after the delay of the script', async () => {
    const waits: number[] = [];
    await expect(play(story, 1, waits)(following(1), signal)).rejects.toMatchObject({
      name: 'ModelThrottled',
      retryAfterSeconds: 3,
    });
    expect(waits).toEqual([2]);
  });

  it('plays the last attempt for every attempt past the list', async () => {
    for (const attempt of [2, 3, 20]) {
      expect((await play(story, attempt)(following(0), signal)).content).toEqual([{ type: 'text', text: 'Done.' }]);
    }
  });

  it('costs nothing without a price in the script, and counts tokens by size', async () => {
    const { usage } = await play(story)(following(0), signal);
    expect(usage).toMatchObject({ cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 });
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect((await play(story)(following(0), signal)).usage.inputTokens).toBe(usage.inputTokens);
    expect((await play(story, 2)(following(0), signal)).usage).toMatchObject({ inputTokens: 7, usd: 0.5 });
  });

  it('names file, attempt and turn when its script has no more turns', async () => {
    await expect(play(story, 2)(following(1), signal)).rejects.toMatchObject({
      name: 'InvalidScript',
      message: expect.stringMatching(/demo.*attempt 2.*turn 2/),
    });
  });

  it('can play a blank reply, a cut reply and a refusal', async () => {
    const odd = play({
      attempts: [[{ text: ' ' }, { text: 'Hal', finish: 'length' }, { text: 'No', finish: 'refused' }]],
    });
    expect(await odd(following(0), signal)).toMatchObject({ content: [], finish: 'stop' });
    expect((await odd(following(1), signal)).finish).toBe('length');
    expect((await odd(following(2), signal)).finish).toBe('refused');
  });

  it("rejects with the signal's own reason on an abort before or during a delay", async () => {
    await expect(play(story)(following(0), AbortSignal.abort('gone'))).rejects.toBe('gone');
    const abort = new AbortController();
    const wait = async () => {
      abort.abort('late');
      throw new Error('the wait was cut short');
    };
    const slow = scripted(readScript('demo', story), { file: 'demo', attempt: 1 }, { wait });
    await expect(slow(following(1), abort.signal)).rejects.toBe('late');
  });
});

describe('a script file', () => {
  it.each([
    ['its file missing', undefined],
    ['no attempts', { attempts: [] }],
    ['an attempt without turns', { attempts: [[]] }],
    ['an unknown field', { attempts: [[{ text: 'a', txet: 'b' }]] }],
    ['an empty turn', { attempts: [[{ delaySeconds: 1 }]] }],
    ['a turn that answers and fails', { attempts: [[{ text: 'a', error: { name: 'ModelUnavailable' } }]] }],
    ['a failure that no model reports', { attempts: [[{ error: { name: 'StepLimit' } }]] }],
    ['a negative delay', { attempts: [[{ text: 'a', delaySeconds: -1 }]] }],
  ])('is refused by its name with %s', (_what, content) => {
    expect(() => readScript('demo', content)).toThrow(
      expect.objectContaining({ name: 'InvalidScript', message: expect.stringContaining('script demo: ') }),
    );
  });

  it('is refused with every error at once, each with its place', () => {
    expect(() => readScript('demo', { attempts: [[{ text: 1 }, { tools: [] }]] })).toThrow(
      /attempts\.0\.0\.text: .*attempts\.0\.1\.tools: /,
    );
  });
});
