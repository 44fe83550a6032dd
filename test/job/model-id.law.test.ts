import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelIdForm, parseModelId, providers } from '../../lib/job/model-id.ts';

describe('a model id', () => {
  it('is a known provider and everything after the first slash', () => {
    const model = fc.stringMatching(/^[^\s*?${}]+$/);
    fc.assert(
      fc.property(fc.constantFrom(...providers), model, (provider, name) => {
        expect(parseModelId(`${provider}/${name}`)).toEqual({ provider, model: name });
      }),
    );
    const arn = 'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-v1:0';
    expect(parseModelId(`bedrock/${arn}`)).toEqual({ provider: 'bedrock', model: arn });
  });

  it.each([
    ['no provider', 'claude'],
    ['an unknown provider', 'openai/gpt'],
    ['a provider in capitals', 'Anthropic/claude'],
    ['a provider that every object has', 'constructor/x'],
    ['no model', 'anthropic/'],
    ['nothing', ''],
    ['white space in its model', 'anthropic/claude 4'],
    ['a line break after its model', 'anthropic/claude\n'],
    ['a wildcard that would widen a permission', 'bedrock/*'],
    ['a variable of osls', 'bedrock/${env:HOME}'],
    ['a reference of CloudFormation', 'bedrock/{{resolve:ssm:key}}'],
    ['a question mark that would widen a permission', 'bedrock/claud?'],
  ])('with %s is invalid', (_, text) => {
    expect(parseModelId(text)).toBeUndefined();
  });

  it('has a documented pattern that names every provider', () => {
    for (const provider of providers) expect(modelIdForm).toContain(`${provider}/…`);
  });
});
