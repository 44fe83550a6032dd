import type { Effect } from '../../../lib/run/effect.ts';
import { type Facts, type Numbered, runOf, type Wrote } from './schedule-facts.ts';

type Status = 'done' | 'undone' | 'unknown';
/** A payment as the table has it at some event. */
export type Known = { to: string; tool: string; attempt: number; step: number; status: Status };

const isEffect = ({ item }: Wrote): boolean => item.sk.startsWith('effect#');
const effectOf = ({ item }: Wrote): Effect => JSON.parse(String(item.data));
const statuses: Record<Effect['status'], Status> = {
  ...{ pending: 'unknown', unknown: 'unknown' },
  ...{ done: 'done', undone: 'undone' },
};

/** Each call of a run that changes the world, by the writes before an event. A call whose seat another took stays as it was. */
export const effectsBefore = (run: string, order: number, { wrote }: Facts): Known[] => {
  const byKey = new Map<string, Known>();
  for (const write of wrote) {
    if (!isEffect(write) || runOf(write) !== run || write.order > order) continue;
    const { key, tool, place, attempt, step = 0, status } = effectOf(write);
    byKey.set(key, { to: place ?? '', tool, attempt, step, status: statuses[status] });
  }
  return [...byKey.values()];
};

/** The last event before this one in which its process read all effects of a run, or this event itself. */
export const effectsReadAt = (run: string, { actor, order }: Numbered<{ actor: string }>, { of }: Facts): number =>
  of('point').findLast(
    (point) => point.actor === actor && point.order < order && point.what.startsWith(`Query run#${run} effect# `),
  )?.order ?? order;
