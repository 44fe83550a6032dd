import { describe, expect, it } from 'vitest';
import { parseModelId } from '../../../lib/job/model-id.ts';
import { ask, open, signal } from '../../kit/open-model.ts';

describe('a model id', () => {
  it('may hold slashes and colons after its provider', () => {
    expect(parseModelId('bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0')).toEqual({
      provider: 'bedrock',
      model: 'arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0',
    });
    expect(parseModelId('openai-compatible/org/name')?.model).toBe('org/name');
  });

  it.each([
    '',
    'claude',
    'anthropic',
    'anthropic/',
    '/x',
    'openai/gpt',
    'Anthropic/x',
    'anthropic/a b',
    ' anthropic/x',
  ])('is refused by name: %j', async (id) => {
    expect(parseModelId(id)).toBeUndefined();
    await expect(open({ id })).rejects.toMatchObject({
      name: 'UnknownModel',
      message: expect.stringContaining('anthropic/…, bedrock/…, openai-compatible/…, scripted/…'),
    });
  });
});

describe('a scripted model', () => {
  it('plays the script that its id names, for its attempt', async () => {
    const model = await open({ id: 'scripted/demo' });
    expect((await model(ask, signal)).content).toEqual([{ type: 'text', text: 'two' }]);
    await expect(open({ id: 'scripted/nothing' })).rejects.toMatchObject({
      name: 'InvalidScript',
      message: expect.stringContaining('nothing'),
    });
  });
});
