import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { orAbort } from '../lib/or-abort.ts';

const never = () => new Promise<string>(() => {});

describe('work under an abort signal', () => {
  it('resolves and rejects as usual while the signal is not aborted', async () => {
    const { signal } = new AbortController();
    expect(await orAbort(Promise.resolve('done'), signal)).toBe('done');
    await expect(orAbort(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  });

  it('rejects with the reason of the signal on abort, even when the work never ends', async () => {
    const controller = new AbortController();
    const working = orAbort(never(), controller.signal);
    controller.abort(new Error('out of time'));
    await expect(working).rejects.toThrow('out of time');
  });

  it('rejects at once when the signal is already aborted', async () => {
    await expect(orAbort(never(), AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });

  it('leaves no listener on the signal when it ends, also with many calls on one signal', async () => {
    const { signal } = new AbortController();
    const working = [Promise.resolve(), Promise.resolve()].map((work) => orAbort(work, signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    await Promise.all(working);
    await Promise.resolve();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('may fail after the abort without an unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const { promise, reject } = Promise.withResolvers<never>();
    await orAbort(promise, AbortSignal.abort(new Error('too late'))).catch(() => undefined);
    reject(new Error('afterwards'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });
});
