import type { Section } from './bench-report.ts';
import type { StoreCall } from './call-meter.ts';
import { engine, onLocalService } from './counted-store.ts';
import { playRun } from './play-run.ts';

const lengths = [1, 10, 50];

const byAction = (calls: StoreCall[]): string =>
  [...Map.groupBy(calls, ({ action }) => action)].map(([action, made]) => `${made.length} ${action}`).join(', ');

/** Counts the store calls of a run from its slot to its outcome, at the SDK's client. */
export const calls = (dir: string): Promise<Section> =>
  onLocalService(dir, {}, async (on) => {
    const runs: { steps: number; functions: { name: string; calls: StoreCall[] }[]; total: number }[] = [];
    for (const steps of lengths) {
      const { functions } = await playRun(on, steps);
      runs.push({ steps, functions, total: functions.flatMap((one) => one.calls).length });
    }
    return {
      title: '2. Store calls of a whole run',
      notes: [`Slot to outcome in one attempt of n steps, counted at the SDK's client by action (${engine}).`],
      rows: runs.map(({ steps, functions, total }) => ({
        steps,
        calls: total,
        'beyond the steps': total - steps,
        ...Object.fromEntries(functions.map(({ name, calls: made }) => [name, byAction(made)])),
      })),
      bounds: runs.map(({ steps, total }) => ({
        what: `calls of a run of ${steps} steps`,
        found: total,
        atMost: steps + 11,
        exactly: true,
      })),
    };
  });
