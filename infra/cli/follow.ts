import { setTimeout } from 'node:timers/promises';
import { type History, history } from './history.ts';
import type { Stage } from './stage.ts';
import type { Terminal } from './terminal.ts';
import { doing, timeline } from './timeline.ts';

/**
 * Watches a run until it has its outcome, drawing what is new each time it looks, and returns its whole history. Rejects
 * when the signal aborts; the run does not mind.
 */
export const follow = async (
  runId: string,
  { stores, restMs }: Stage,
  { terminal, now, signal }: { terminal: Terminal; now(): Date; signal: AbortSignal },
): Promise<History> => {
  const printed = new Set<string>();
  let seen: History | undefined;
  for (;;) {
    signal.throwIfAborted();
    const latest = await history(runId, stores, seen);
    seen = latest;
    const fresh = timeline(latest).filter(({ key }) => !printed.has(key));
    for (const { key } of fresh) printed.add(key);
    terminal.print(fresh);
    if (latest.run.outcome) return latest;
    terminal.show(() => doing(latest, now()));
    await setTimeout(restMs, undefined, { signal });
  }
};
