import { describe, expect, it } from 'vitest';
import { giveUp } from '../../../lib/agent/give-up.ts';
import { loadTools, toolIn, toolSpecs } from '../../../lib/io/files/tools.ts';
import { tools } from '../../kit/agent.ts';
import { failureOf } from '../../kit/failure-of.ts';

describe("a job's tools", () => {
  it('are the default exports of their files, under their names', async () => {
    const loaded = await loadTools(['list_runs', 'http_post']);
    expect(Object.keys(loaded)).toEqual(['list_runs', 'http_post', 'give_up']);
    const { default: httpPost } = await import('../../../lib/tools/http_post.ts');
    expect(loaded.http_post).toBe(httpPost);
    expect(await loadTools([])).toEqual({ give_up: giveUp });
  });

  it('are UnknownTool if one of them has no file, and the message names that file', async () => {
    const failure = await failureOf(loadTools(['list_runs', 'no_such_tool']));
    expect(failure.name).toBe('UnknownTool');
    expect(failure.message).toContain('lib/tools/no_such_tool.ts');
    expect(failure.cause).toBeInstanceOf(Error);
  });

  it.each(['../agent/tool', '../io/open', 'a b', '', 'http_get.ts', '__proto__/x'])(
    'are UnknownTool for %j, which names no file in lib/tools',
    async (name) => {
      const failure = await failureOf(loadTools([name]));
      expect(failure).toMatchObject({ name: 'UnknownTool', message: expect.stringContaining(JSON.stringify(name)) });
      expect(failure.cause).toBeUndefined();
    },
  );

  it.each([{}, { default: undefined }, { default: {} }, { default: { run: 'text' } }])(
    'are UnknownTool if a module exports none by default: %j',
    (module) => {
      expect(() => toolIn(module, 'mine')).toThrow(
        'lib/tools/mine.ts: found no tool, expected export default tool({ … })',
      );
    },
  );
});

describe('what a model sees of a tool', () => {
  it('is its name, its description and the JSON Schema of its input', () => {
    const { count, pay } = tools().all;
    if (!count || !pay) throw new Error('the kit has no such tools');
    expect(toolSpecs({ count, pay })).toEqual([
      {
        name: 'count',
        description: 'Counts.',
        inputSchema: expect.objectContaining({
          type: 'object',
          properties: { by: { type: 'number' } },
          additionalProperties: false,
        }),
      },
      { name: 'pay', description: 'Pays.', inputSchema: expect.objectContaining({ required: ['to'] }) },
    ]);
  });

  it('is the schema before defaults: the model need not send a field that has one', async () => {
    const [listRuns] = toolSpecs(await loadTools(['list_runs']));
    expect(listRuns?.inputSchema).not.toHaveProperty('required');
  });
});
