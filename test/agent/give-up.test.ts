import { describe, expect, it } from 'vitest';
import { giveUp } from '../../lib/agent/give-up.ts';
import type { Tool } from '../../lib/agent/tool.ts';
import { toolSpecs } from '../../lib/io/files/tools.ts';
import { failureOf } from '../kit/failure-of.ts';

describe('giving up', () => {
  it.each([true, false])(
    'ends the attempt as GaveUp with the reason, and says %s to a new attempt',
    async (tryAgain) => {
      const gaveUp = giveUp.run({ reason: 'The desk is closed.', tryAgain }, {} as never);
      expect(await failureOf(gaveUp)).toMatchObject({ name: 'GaveUp', message: 'The desk is closed.', tryAgain });
    },
  );

  it('needs a reason and a word on a new attempt', () => {
    for (const input of [{}, { reason: '', tryAgain: true }, { reason: 'No.' }, { tryAgain: false }])
      expect(giveUp.input.safeParse(input).success).toBe(false);
  });

  it('describes itself and its arguments to the model', () => {
    const [spec] = toolSpecs({ give_up: giveUp as Tool });
    expect(spec?.description).toContain('Ends this task as failed');
    expect(Object.keys(spec?.inputSchema.properties ?? {})).toEqual(['reason', 'tryAgain']);
  });
});
