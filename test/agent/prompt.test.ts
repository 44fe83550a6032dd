import { describe, expect, it } from 'vitest';
import { firstPrompt } from '../../lib/agent/prompt.ts';
import type { Run } from '../../lib/run/run.ts';
import { job } from '../kit/job.ts';
import { runOf } from '../kit/stored.ts';

const run = (fields: Record<string, unknown> = {}, more: Partial<Run> = {}): Run => ({
  ...runOf('report'),
  job: job(fields),
  ...more,
});
const amsterdam = { schedule: { rate: '1 hour', timezone: 'Europe/Amsterdam' } };
const result = { type: 'object', required: ['total'] };

describe('the first prompt of an attempt', () => {
  it('has the slot of its run in the place of placeholders, in the time of its job', () => {
    const fields = { ...amsterdam, system: 'You are ${job}.', prompt: 'Report for ${date} ${time} in ${run}.' };
    expect(firstPrompt(run(fields), null)).toEqual({
      system: 'You are report.',
      prompt: 'Report for 2026-11-22 08:00 in report_20261122T070000Z.',
    });
  });

  it('has a system prompt only where the job has one or types its result', () => {
    expect(firstPrompt(run(), null)).toEqual({ system: undefined, prompt: 'Go.' });
    const typed = firstPrompt(run({ result }), null).system;
    expect(typed).toMatch(/^Your final answer must be one JSON value/);
    expect(typed).toContain(JSON.stringify(result));
    expect(firstPrompt(run({ result, system: 'Be brief.' }), null).system).toBe(`Be brief.\n\n${typed}`);
  });

  it('does not read the schema of the result as text with placeholders', () => {
    const { system } = firstPrompt(run({ result: { ...result, title: '${date}' } }), null);
    expect(system).toContain('${date}');
  });

  it('names the failure before it where the job asks for a note, after the same prompt', () => {
    const { prompt } = firstPrompt(run({ retry: { note: true } }), 'EmptyReply');
    expect(prompt).toMatch(/^Go\.\n\nAn earlier attempt at this failed: EmptyReply\./);
  });

  it('is the same for every attempt of a job that asks for no note', () => {
    expect(firstPrompt(run(), 'EmptyReply')).toEqual(firstPrompt(run(), null));
    expect(firstPrompt(run({ retry: { note: true } }), null)).toEqual(firstPrompt(run(), null));
  });
});
