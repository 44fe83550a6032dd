import * as z from 'zod';
import type { EffectRecord } from './effect.ts';

const count = z.int().nonnegative();

/**
 * What became of a run's calls that change the world. `undone` leaves out calls that a later one made good. `first`: the first call that is not
 * done, an unknown one before others.
 */
export const EffectCount = z.strictObject({
  done: count,
  undone: count,
  unknown: count,
  first: z
    .strictObject({
      tool: z.string(),
      place: z.string().nullable(),
      status: z.enum(['undone', 'unknown']),
      reason: z.string().nullable(),
    })
    .nullable(),
});
export type EffectCount = z.infer<typeof EffectCount>;

/** Whether a call certainly was not made (`undone`), or may have been (`unknown`), or is done. */
export const statusOf = ({ status }: Pick<EffectRecord, 'status'>): 'done' | 'undone' | 'unknown' =>
  status === 'pending' ? 'unknown' : status;

const isLater = (a: EffectRecord, b: EffectRecord): boolean =>
  a.attempt === b.attempt ? (a.step ?? 0) > (b.step ?? 0) : a.attempt > b.attempt;

/** A call whose arguments name no place owes nothing to a certain one. */
const isAtPlaceOf = (done: EffectRecord, { place }: EffectRecord): boolean => place == null || done.place === place;

/** How many calls of each tool a run may have made: the job's `limits.effects`. */
export type EffectLimits = Record<string, number> | undefined;

/** Whether a call was refused because the run had used up the limit of its tool. */
export const isOverLimit = (effect: EffectRecord, effects: EffectRecord[], limits: EffectLimits): boolean => {
  const limit = limits && Object.hasOwn(limits, effect.tool) ? limits[effect.tool] : undefined;
  if (limit === undefined || effect.status !== 'undone') return false;
  return effects.filter(({ tool, status }) => tool === effect.tool && status !== 'undone').length >= limit;
};

/**
 * Whether a call that is not done was made good: by a later call of its tool to the same place that is done or, if it was over the limit, by any
 * done call of its tool to that place. A repeat of a recorded call is not later than that call.
 */
export const isMadeGood = (effect: EffectRecord, effects: EffectRecord[], limits: EffectLimits): boolean => {
  const over = isOverLimit(effect, effects, limits);
  return effects.some(
    (other) =>
      other.status === 'done' &&
      other.tool === effect.tool &&
      isAtPlaceOf(other, effect) &&
      (over || isLater(other, effect)),
  );
};

const inOrder = (a: EffectRecord, b: EffectRecord): number =>
  Number(statusOf(a) === 'undone') - Number(statusOf(b) === 'undone') ||
  (isLater(a, b) ? 1 : isLater(b, a) ? -1 : 0) ||
  (a.key < b.key ? -1 : 1);

/** Effects that are not done, an unknown one before others, then in the order of their steps. */
export const notDone = (effects: EffectRecord[]): EffectRecord[] =>
  effects.filter((effect) => statusOf(effect) !== 'done').sort(inOrder);

/** Counts the effects of a run. Undefined if it has none. */
export const effectCount = (effects: EffectRecord[], limits: EffectLimits): EffectCount | undefined => {
  if (effects.length === 0) return undefined;
  const of = (status: ReturnType<typeof statusOf>, among: EffectRecord[]): number =>
    among.filter((effect) => statusOf(effect) === status).length;
  const left = notDone(effects).filter(
    (effect) => statusOf(effect) === 'unknown' || !isMadeGood(effect, effects, limits),
  );
  const [first] = left;
  return {
    done: of('done', effects),
    undone: of('undone', left),
    unknown: of('unknown', left),
    first: first
      ? {
          tool: first.tool,
          place: first.place || null,
          status: statusOf(first) === 'unknown' ? 'unknown' : 'undone',
          reason: first.reason,
        }
      : null,
  };
};

/** What a new attempt is told of earlier attempts' calls: those that are done, and those of which it is not known. One text a call. */
export const Told = z.strictObject({ done: z.array(z.string()), unknown: z.array(z.string()) });
export type Told = z.infer<typeof Told>;

/** How many calls of each kind a new attempt is told of, at most. */
const mostTold = 20;

/** What a new attempt is told of the calls of earlier attempts. Undefined where none of them changed the world, or may have. */
export const toldOf = (effects: EffectRecord[], attempt: number): Told | undefined => {
  const earlier = effects.filter((effect) => effect.attempt < attempt).sort(inOrder);
  const [done, unknown] = (['done', 'unknown'] as const).map((status) => {
    const calls = earlier.filter((effect) => statusOf(effect) === status).map(callText);
    const more = calls.length - mostTold;
    return more > 0 ? [...calls.slice(0, mostTold), `and ${more} more`] : calls;
  });
  return done?.length || unknown?.length ? { done: done ?? [], unknown: unknown ?? [] } : undefined;
};

/** A call in words: `http_post to https://desk.example.com/reports`. */
export const callText = ({ tool, place }: Pick<EffectRecord, 'tool' | 'place'>): string =>
  place ? `${tool} to ${place}` : tool;
