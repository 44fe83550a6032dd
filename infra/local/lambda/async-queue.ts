import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { functionArn } from '../arn.ts';
import { readAllValid, replaceFile } from '../json-file.ts';
import type { Lambda } from './lambda.ts';
import type { Invocation } from './sandbox.ts';
import type { LambdaError } from './worker.ts';

const Queued = z.object({ id: z.string(), name: z.string(), event: z.string(), queuedAt: z.number() });
type Queued = z.infer<typeof Queued>;

export type AsyncQueue = {
  /** Writes an event for a function to disk and returns its request id. */
  enqueue(name: string, event: string): string;
  readonly size: number;
  /** Processes the events that an earlier process left. */
  resume(): void;
  /** Starts no further invocation. Events that are left stay on disk. */
  stop(): void;
};

/** The record Lambda sends to an on-failure destination. */
const deadLetter = (queued: Queued, error: LambdaError, count: number, now: Date) => ({
  version: '1.0',
  timestamp: now.toISOString(),
  requestContext: {
    requestId: queued.id,
    functionArn: `${functionArn(queued.name)}:$LATEST`,
    condition: 'RetriesExhausted',
    approximateInvokeCount: count,
  },
  requestPayload: JSON.parse(queued.event),
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  responsePayload: error,
});

/**
 * Lambda's asynchronous invocation, at least once: one try and one more after each of `delaysMs`, then the event and its
 * last error go to `<dir>/dead-letters.jsonl`. Waiting events are in `<dir>/queue`.
 */
export const openAsyncQueue = (
  dir: string,
  deps: {
    lambda: Lambda;
    delaysMs: number[];
    report(error: unknown): void;
    /** Called with the result of each event's last try. */
    ended?(event: { name: string; event: string }, result: Invocation): void;
  },
): AsyncQueue => {
  const { lambda, delaysMs } = deps;
  const path = join(dir, 'queue');
  mkdirSync(path, { recursive: true });
  const stopping = new AbortController();
  const pending = new Set<string>();

  const stopped = (): boolean => stopping.signal.aborted;

  const invoke = async (queued: Queued): Promise<Invocation> => {
    let result = await lambda.invoke(queued.name, queued.event, queued.id);
    for (const delayMs of delaysMs) {
      if (result.ok || stopped()) break;
      await setTimeout(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (!stopped()) result = await lambda.invoke(queued.name, queued.event, queued.id);
    }
    return result;
  };
  const work = async (queued: Queued): Promise<void> => {
    const result = await invoke(queued);
    if (stopped()) return;
    if (!result.ok) {
      const letter = deadLetter(queued, result.error, delaysMs.length + 1, new Date());
      appendFileSync(join(dir, 'dead-letters.jsonl'), `${JSON.stringify(letter)}\n`);
    }
    rmSync(join(path, `${queued.id}.json`), { force: true });
    deps.ended?.(queued, result);
  };
  const process = (queued: Queued): void => {
    pending.add(queued.id);
    void work(queued).finally(() => pending.delete(queued.id));
  };

  return {
    enqueue(name, event) {
      const queued = { id: randomUUID(), name, event, queuedAt: Date.now() };
      replaceFile(join(path, `${queued.id}.json`), JSON.stringify(queued));
      process(queued);
      return queued.id;
    },
    get size() {
      return pending.size;
    },
    resume() {
      for (const left of readAllValid(path, Queued.parse, deps.report)) process(left);
    },
    stop: () => stopping.abort(),
  };
};
