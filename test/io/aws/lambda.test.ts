import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';

const context = { functionName: 'attempt', awsRequestId: 'r', getRemainingTimeInMillis: () => 5 } as unknown as Context;
const Event = z.looseObject({ runId: z.string() });
const event = { runId: 'night_20261122T070000Z', attempt: 2 };

let lines: Record<string, unknown>[] = [];
const keep = (text: string) => void lines.push(JSON.parse(text));

/** The module with a logger of its own, whose lines are kept. It reads its environment once, when it is loaded. */
const loaded = async (env: Record<string, string> = {}) => {
  for (const [name, value] of Object.entries({ POWERTOOLS_DEV: 'true', POWERTOOLS_LOG_LEVEL: 'ERROR', ...env }))
    vi.stubEnv(name, value);
  vi.resetModules();
  const { Failure } = await import('../../../lib/failure.ts');
  return { ...(await import('../../../lib/io/aws/lambda.ts')), Failure };
};

beforeEach(() => {
  lines = [];
  const log = vi.spyOn(console, 'error').mockImplementation(keep);
  return () => {
    log.mockRestore();
    vi.unstubAllEnvs();
  };
});
// Other tests load the module with their own environment.
afterAll(() => void vi.resetModules());

describe('a Lambda handler', () => {
  it('gives the parsed event to the work, and returns its result', async () => {
    const { lambda } = await loaded();
    const Defaulted = Event.extend({ more: z.number().default(7) });
    expect(await lambda(Defaulted, async ({ runId, more }) => `${runId} ${more}`)(event, context)).toBe(
      `${event.runId} 7`,
    );
    expect(lines).toEqual([]);
  });

  it.each([[{}], [{ runId: 7 }], [null]])('is InvalidEvent for %j, and the work does not begin', async (bad) => {
    const { lambda } = await loaded();
    const work = vi.fn(async () => 'done');
    await expect(lambda(Event, work)(bad, context)).rejects.toMatchObject({ name: 'InvalidEvent' });
    expect(work).not.toHaveBeenCalled();
    expect(lines).toMatchObject([{ failure: 'InvalidEvent' }]);
  });

  it('throws the failure again, so that Lambda sees it, and logs its name and the name of its cause', async () => {
    const { lambda, Failure } = await loaded();
    const failure = new Failure('StoreUnavailable', 'table t: gone', { cause: new RangeError('a secret') });
    const handler = lambda(Event, () => Promise.reject(failure));
    await expect(handler(event, context)).rejects.toBe(failure);
    expect(lines).toMatchObject([{ failure: 'StoreUnavailable', reason: 'table t: gone', cause: 'RangeError' }]);
    expect(JSON.stringify(lines)).not.toContain('a secret');
  });

  it('logs an error that is no failure as a crash', async () => {
    const { lambda } = await loaded();
    const crash = new TypeError('no luck');
    await expect(lambda(Event, () => Promise.reject(crash))(event, context)).rejects.toBe(crash);
    expect(lines).toMatchObject([{ failure: 'Crash' }]);
  });

  it.each<[string, object, object]>([
    ['state data', event, { job: 'night', run: event.runId, attempt: 2 }],
    ['a slot', { job: 'night', slot: '2026-11-22T07:00:00Z' }, { job: 'night', run: event.runId }],
    [
      'a slot by hand',
      { job: 'night', slot: '2026-11-22T07:00:00Z', suffix: 'x' },
      { run: expect.stringMatching(/x$/) },
    ],
    ['an event of an execution', { detail: { name: event.runId } }, { job: 'night', run: event.runId }],
    ['an event with fields of a wrong type', { ...event, attempt: 'two', detail: 7 }, { run: event.runId }],
  ])('puts the ids of %s on its log lines', async (_, raw, ids) => {
    const { lambda } = await loaded();
    const handler = lambda(z.looseObject({}), () => Promise.reject(new Error('no luck')));
    await expect(handler(raw, context)).rejects.toThrow('no luck');
    expect(lines).toMatchObject([ids]);
  });

  it('forgets the ids of an invocation after it', async () => {
    const { lambda } = await loaded();
    const handler = lambda(z.looseObject({}), () => Promise.reject(new Error('no luck')));
    await expect(handler(event, context)).rejects.toThrow('no luck');
    await expect(handler({ job: 'day' }, context)).rejects.toThrow('no luck');
    expect(lines[0]).toMatchObject({ run: event.runId, attempt: 2 });
    expect(lines[1]).toMatchObject({ job: 'day' });
    for (const key of ['run', 'attempt']) expect(lines[1]).not.toHaveProperty(key);
  });

  it('works on to its own end, also when the deadline is near', async () => {
    const { lambda } = await loaded();
    const work = () => delay(20, 'done');
    expect(await lambda(Event, work)(event, context)).toBe('done');
  });
});

describe('what every function needs', () => {
  it('is InvalidEvent if the environment names no table', async () => {
    const { service } = await loaded({ NIGHTSHIFT_TABLE: '', NIGHTSHIFT_CONFIG: 'config' });
    const failure = { name: 'InvalidEvent', message: expect.stringContaining('NIGHTSHIFT_TABLE') };
    expect(() => service()).toThrow(expect.objectContaining(failure));
  });

  it('is its configuration, all stores, an observer and the clock', async () => {
    const { service } = await loaded({ NIGHTSHIFT_TABLE: 't', NIGHTSHIFT_CONFIG: 'config', AWS_REGION: 'eu-west-1' });
    const { config, stores, observer, now } = service();
    expect(config).toMatchObject({ table: 't', config: 'config' });
    expect(Object.keys(stores)).toContain('sessions');
    expect(observer.runSettled).toBeTypeOf('function');
    expect(now()).toBeInstanceOf(Date);
  });

  it('limits each request to AWS in attempts and time', async () => {
    const { clientOptions } = await loaded();
    expect(clientOptions.maxAttempts).toBeLessThanOrEqual(5);
    expect(clientOptions.requestHandler).toMatchObject({ requestTimeout: 10_000, throwOnRequestTimeout: true });
  });

  it('has placeholder credentials at the local service only', async () => {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    expect((await loaded({ NIGHTSHIFT_STAGE: 'local' })).clientOptions).toMatchObject({ credentials });
    expect((await loaded({ NIGHTSHIFT_STAGE: 'prod' })).clientOptions).not.toHaveProperty('credentials');
  });
});
