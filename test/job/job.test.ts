import { describe, expect, it } from 'vitest';
import { Job, JobFile, JobName, KeptJob } from '../../lib/job/job.ts';
import { runId } from '../../lib/run/run.ts';

const file = { schedule: { rate: '1 hour' }, model: 'anthropic/claude', prompt: 'Go.' };
const pathsOf = (value: unknown): string[] =>
  JobFile.safeParse(value).error?.issues.map(({ path }) => path.join('.')) ?? [];

describe('a job', () => {
  it('has a default for every field but its schedule, its model and its prompt', () => {
    expect(pathsOf({})).toEqual(['schedule', 'model', 'prompt']);
    const { limits, retry, catchUp, breaker, ...job } = Job.parse({ ...file, name: 'night' });
    expect(job).toMatchObject({ tools: [], allow: [], overlap: 'skip', spreadSeconds: 0, enabled: true });
    expect(limits).toEqual({
      steps: 30,
      seconds: 900,
      tokens: 500_000,
      usd: 1,
      outputTokens: 16_000,
      callSeconds: 240,
      toolSeconds: 30,
    });
    expect(retry).toEqual({ attempts: 4, firstDelaySeconds: 2, factor: 2, maxDelaySeconds: 30, note: false });
    expect(catchUp).toEqual({ policy: 'latest', withinSeconds: 86_400, atOnce: 1 });
    expect(breaker).toEqual({ failures: 5, firstDelaySeconds: 900, factor: 2, maxDelaySeconds: 86_400 });
  });

  it.each([
    ['a blank prompt', { prompt: ' \n' }, 'prompt'],
    ['a placeholder that is not known', { prompt: 'On ${dat}' }, 'prompt'],
    ['a placeholder of its system prompt that is not known', { system: '${nope}' }, 'system'],
    ['a model of an unknown provider', { model: 'openai/gpt' }, 'model'],
    ['a model call that may outlast an invocation', { limits: { callSeconds: 571 } }, 'limits.callSeconds'],
    ['an attempt that may outlast its execution', { limits: { seconds: 14_401 } }, 'limits.seconds'],
    ['a retry that waits for hours', { retry: { maxDelaySeconds: 3601 } }, 'retry.maxDelaySeconds'],
    ['no attempt at all', { retry: { attempts: 0 } }, 'retry.attempts'],
    ['a time of day that clocks do not show', { freshBy: '24:00' }, 'freshBy'],
    ['a host with a path', { allow: ['example.com/private'] }, 'allow.0'],
    ['a wildcard for every host', { allow: ['*'] }, 'allow.0'],
    ['an unknown rule for overlaps', { overlap: 'wait' }, 'overlap'],
    ['an unknown limit', { limits: { stepz: 3 } }, 'limits'],
  ])('with %s is rejected at that field', (_, fields, path) => {
    expect(pathsOf({ ...file, ...fields })).toEqual([path]);
  });

  it('may allow hosts by name, by wildcard, with a port and by IPv6 address', () => {
    expect(pathsOf({ ...file, allow: ['api.example.com', '*.example.com', 'localhost:8080', '[::1]:80'] })).toEqual([]);
    expect(pathsOf({ ...file, allow: ['http://example.com', 'http://wiki.example.com:8080 private'] })).toEqual([]);
  });

  it('has a name that fits in an execution name with slot and suffix', () => {
    const name = 'n'.repeat(40);
    expect(JobName.safeParse(name).success).toBe(true);
    expect(JobName.safeParse(`${name}n`).success).toBe(false);
    const longest = runId({ job: name, slot: '2026-11-22T07:00:00Z', suffix: 's'.repeat(20) });
    expect(longest).toMatch(/^[0-9A-Za-z-_]{1,80}$/);
  });

  it.each(['', 'Night', '7-eleven', 'night_report', 'night report', 'nachtlänge'])(
    'is rejected with the name "%s"',
    (name) => {
      expect(JobName.safeParse(name).success).toBe(false);
    },
  );
});

describe('the job stored in a run', () => {
  const kept = Job.parse({ ...file, name: 'night' });

  it('is readable with fields of a later version and with values that current rules reject', () => {
    const later = {
      ...kept,
      deliver: [{ to: 'slack' }],
      overlap: 'wait-for-all',
      limits: { ...kept.limits, steps: 1_000_000, effects: { pay: 1 } },
      schedule: { rate: '1 fortnight', timezone: 'UTC', jitter: 3 },
    };
    expect(KeptJob.parse(later)).toEqual(later);
  });

  it('gets the current defaults for policies that it lacks', () => {
    const { overlap: _o, catchUp: _c, spreadSeconds: _s, breaker: _b, ...earlier } = kept;
    expect(KeptJob.parse(earlier)).toEqual(kept);
  });

  it('is damaged when a field that every version had is missing', () => {
    for (const field of ['name', 'schedule', 'model', 'prompt', 'tools', 'allow', 'limits', 'retry', 'enabled'])
      expect(KeptJob.safeParse({ ...kept, [field]: undefined }).success, field).toBe(false);
  });
});
