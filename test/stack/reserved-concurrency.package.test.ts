import { afterAll, describe, expect, it } from 'vitest';
import { project, removed } from '../kit/project.ts';
import { template } from '../kit/template.ts';

const jobs = { report: 'schedule: { rate: 1 hour }\nmodel: anthropic/x\nprompt: Go.\n' };

const reserved = async (...args: string[]) => {
  const made = await template(await project(jobs), ['--stage', 'test', ...args]);
  return Object.fromEntries(
    made
      .ofType('AWS::Lambda::Function')
      .map(([name]) => [name.replace('LambdaFunction', ''), made.properties(name).ReservedConcurrentExecutions]),
  );
};

afterAll(removed);

describe('the reserved concurrency of the functions', () => {
  it('is none unless it is asked for, because a new account cannot reserve any', async () => {
    expect(Object.values(await reserved())).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('is for the functions that must always run, and never for attempts', async () => {
    expect(await reserved('--param', 'reservedConcurrency=5')).toEqual({
      Dispatch: 5,
      Triage: 5,
      Settle: 5,
      Watchman: 5,
      Attempt: undefined,
    });
  });

  it.each(['x', '0', '-1', '2.5'])('is refused as %s', async (text) => {
    await expect(reserved('--param', `reservedConcurrency=${text}`)).rejects.toThrow(
      `reservedConcurrency: found "${text}", expected a whole number from 1`,
    );
  });
});
