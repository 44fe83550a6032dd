import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ToolError, tool } from '../../lib/agent/tool.ts';

describe('a tool', () => {
  it('is its definition, with the type of its input from its schema', () => {
    const definition = {
      description: 'Doubles.',
      input: z.object({ by: z.number() }),
      effect: 'none' as const,
      run: async ({ by }: { by: number }) => by * 2,
    };
    expect(tool(definition)).toBe(definition);
  });
});

describe('the error of a tool', () => {
  it('says in its kind whether the call was made, in its message what the model reads, and keeps its cause', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new ToolError('unreachable', 'example.com could not be reached.', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ToolError',
      kind: 'unreachable',
      message: 'example.com could not be reached.',
      cause,
    });
  });
});
