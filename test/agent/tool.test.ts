import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ToolError, tool } from '../../lib/agent/tool.ts';

describe('the tool function', () => {
  it('returns its definition and infers the type of the input from the schema', () => {
    const definition = {
      description: 'Doubles.',
      input: z.object({ by: z.number() }),
      effect: 'none' as const,
      run: async ({ by }: { by: number }) => by * 2,
    };
    expect(tool(definition)).toBe(definition);
  });
});

describe('a ToolError', () => {
  it('has a kind for whether the call happened, a message for the model, and a cause', () => {
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
