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
  it('replaces placeholders with the slot of the run, in the time zone of the job', () => {
    const fields = { ...amsterdam, system: 'You are ${job}.', prompt: 'Report for ${date} ${time} in ${run}.' };
    expect(firstPrompt(run(fields), { failure: null })).toEqual({
      system: 'You are report.',
      prompt: 'Report for 2026-11-22 08:00 in report_20261122T070000Z.',
    });
  });

  it('has a system prompt only when the job has one or declares a result schema', () => {
    expect(firstPrompt(run(), { failure: null })).toEqual({ system: undefined, prompt: 'Go.' });
    const typed = firstPrompt(run({ result }), { failure: null }).system;
    expect(typed).toMatch(/^Your final answer must be one JSON value/);
    expect(typed).toContain(JSON.stringify(result));
    expect(firstPrompt(run({ result, system: 'Be brief.' }), { failure: null }).system).toBe(`Be brief.\n\n${typed}`);
  });

  it('does not replace placeholders in the result schema', () => {
    const { system } = firstPrompt(run({ result: { ...result, title: '${date}' } }), { failure: null });
    expect(system).toContain('${date}');
  });

  it('ends with a note of the previous failure when the job asks for it', () => {
    const { prompt } = firstPrompt(run({ retry: { note: true } }), { failure: 'EmptyReply' });
    expect(prompt).toMatch(/^Go\.\n\nAn earlier attempt at this failed: EmptyReply\./);
  });

  it('is the same for every attempt of a job without the note', () => {
    expect(firstPrompt(run(), { failure: 'EmptyReply' })).toEqual(firstPrompt(run(), { failure: null }));
    expect(firstPrompt(run({ retry: { note: true } }), { failure: null })).toEqual(
      firstPrompt(run(), { failure: null }),
    );
  });
});
