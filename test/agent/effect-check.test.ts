import { describe, expect, it } from 'vitest';
import { effectMissing } from '../../lib/agent/effect-check.ts';
import { type EffectRecord, effectKey } from '../../lib/run/effect.ts';
import type { CallStatus, Step } from '../../lib/run/step.ts';
import { noUsage } from '../../lib/usage.ts';
import { job } from '../kit/job.ts';

const effect = (status: EffectRecord['status'], more: Partial<EffectRecord> = {}): EffectRecord => ({
  ...{ key: `${status} ${JSON.stringify(more)}`, tool: 'http_post', attempt: 1, step: 1, place: 'desk', status },
  reason: status === 'done' ? null : 'The server answered 401.',
  ...more,
});

const step = (number: number, toolName: string, status: CallStatus): Step => {
  const call = { toolCallId: `c${number}`, toolName };
  return {
    number,
    messages: [
      { role: 'assistant', content: [{ type: 'tool-call', ...call, input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', ...call, output: { type: 'text', value: 'x' } }] },
    ],
    calls: [status],
    usage: noUsage,
    startedAt: '2026-11-22T07:00:00.000Z',
    modelMs: 1,
    toolMs: 1,
  };
};
const missing = (
  effects: EffectRecord[],
  fields: Record<string, unknown> = {},
  ending: { number?: number; steps?: Step[] } = {},
) => {
  const { number = 1, steps = [] } = ending;
  const failure = effectMissing(job({ tools: ['http_get', 'http_post'], ...fields }), effects, {
    runId: 'r',
    number,
    steps,
  });
  return failure && { name: failure.name, message: failure.message, tryAgain: failure.tryAgain };
};

describe('an attempt that would end as a success', () => {
  it('may where it made no call that changes the world, or each is done', () => {
    expect(missing([])).toBeUndefined();
    expect(missing([effect('done'), effect('done', { place: 'pager' })])).toBeUndefined();
  });

  it('is EffectMissing where a call was not made, which a new attempt may make', () => {
    expect(missing([effect('undone')])).toEqual({
      name: 'EffectMissing',
      message: 'http_post to desk is not done: The server answered 401.',
      tryAgain: true,
    });
  });

  it('is EffectMissing where it asked again for an unknown call, and what is done was called before it knew', () => {
    const key = effectKey({ runId: 'r', tool: 'http_post', input: {}, occurrence: 1 });
    const paid = effect('done', { attempt: 2, step: 1 });
    const asks = [step(1, 'http_post', 'unknown'), step(2, 'http_post', 'ok')];
    const judged = (step: number, steps: Step[]) =>
      missing([effect('unknown', { key }), { ...paid, step }], {}, { number: 2, steps });
    expect(judged(1, asks)).toMatchObject({ name: 'EffectMissing', tryAgain: false });
    expect(judged(2, asks)).toBeUndefined();
    expect(judged(1, [])).toBeUndefined();
  });

  it.each(['unknown', 'pending'] as const)('is EffectMissing for good where a call is %s', (status) => {
    const calls = [effect('undone', { place: 'pager' }), effect(status)];
    expect(missing(calls)).toMatchObject({ message: expect.stringContaining('and 1 more'), tryAgain: false });
    expect(missing([effect(status)], {}, { number: 2, steps: [step(1, 'http_post', 'recorded')] })).toMatchObject({
      tryAgain: false,
    });
  });

  it('may where a later call to the same place was done', () => {
    expect(missing([effect('undone'), effect('done', { step: 2 })])).toBeUndefined();
    expect(missing([effect('undone'), effect('done', { step: 2, place: 'pager' })])).toMatchObject({ tryAgain: true });
  });

  it('may after an earlier attempt’s refused call, if it has made a call of that tool itself', () => {
    const calls = [effect('undone', { place: 'dsk' })];
    expect(missing(calls, {}, { number: 2 })).toMatchObject({ name: 'EffectMissing', tryAgain: true });
    expect(missing(calls, {}, { number: 2, steps: [step(1, 'http_get', 'ok')] })).toMatchObject({ tryAgain: true });
    for (const status of ['ok', 'recorded'] as const)
      expect(missing(calls, {}, { number: 2, steps: [step(1, 'http_post', status)] })).toBeUndefined();
    expect(missing(calls, {}, { number: 1, steps: [step(1, 'http_post', 'ok')] })).toMatchObject({ tryAgain: true });
  });

  it('may where a call over the limit repeats in other words what is done', () => {
    const limited = { limits: { effects: { http_post: 1 } } };
    expect(missing([effect('done'), effect('undone', { attempt: 2 })], limited, { number: 2 })).toBeUndefined();
    const other = effect('undone', { step: 2, place: 'pager' });
    expect(missing([effect('done'), other], limited)).toMatchObject({ name: 'EffectMissing', tryAgain: false });
  });

  it('may at all events where its job is lenient', () => {
    expect(missing([effect('unknown'), effect('undone')], { effects: 'lenient' })).toBeUndefined();
    expect(missing([], { effects: 'lenient', needs: ['http_post'] })).toBeUndefined();
  });
});

describe('a job that needs a tool', () => {
  const needs = { needs: ['http_post'] };

  it('is EffectMissing where no call of it was made', () => {
    expect(missing([], needs)).toEqual({
      name: 'EffectMissing',
      message: 'http_post is not done: no call was made',
      tryAgain: true,
    });
    expect(missing([effect('undone')], needs)).toMatchObject({ tryAgain: true });
    expect(missing([effect('unknown')], needs)).toMatchObject({ tryAgain: false });
  });

  it('is content with one done call, in whichever attempt, whatever became of others', () => {
    expect(missing([effect('done'), effect('undone', { step: 2 })], needs, { number: 2 })).toBeUndefined();
    expect(missing([effect('unknown'), effect('done', { place: 'pager' })], needs)).toBeUndefined();
  });

  it('may need a tool that only reads, in the attempt that answers', () => {
    const reads = { needs: ['http_get', 'http_post'] };
    expect(missing([effect('done')], reads)).toMatchObject({ message: expect.stringContaining('http_get') });
    expect(missing([effect('done')], reads, { steps: [step(1, 'http_get', 'error')] })).toMatchObject({
      tryAgain: true,
    });
    expect(missing([effect('done')], reads, { steps: [step(1, 'http_get', 'ok')] })).toBeUndefined();
  });
});
