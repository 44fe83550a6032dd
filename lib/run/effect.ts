import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as z from 'zod';
import { Failure } from '../failure.ts';

/**
 * A call that changes the world. `pending`: recorded, and perhaps made. `done`: made, with its output. `undone`: certainly not made, so
 * it may be tried again.
 */
export const Effect = z.strictObject({
  runId: z.string(),
  key: z.string(),
  tool: z.string(),
  attempt: z.int().positive(),
  status: z.enum(['pending', 'done', 'undone']),
  output: z.string().nullable(),
  version: z.int().positive(),
});
export type Effect = z.infer<typeof Effect>;

/** The effects of the service. */
export type Effects = {
  /** The effect, read consistently, or undefined. */
  get(runId: string, key: string): Promise<Effect | undefined>;
  /** Creates version 1 where there is none, or replaces the version before. Otherwise throws EffectConflict. */
  put(effect: Effect): Promise<void>;
};

/** JSON as text with its keys in a fixed order (RFC 8785), so that equal values give equal texts. */
export const canonical = (json: unknown): string => canonicalize(json) ?? 'null';

/**
 * A call's identity in its run, the same when a later attempt repeats it. `occurrence` counts equal calls of one attempt from 1, so that
 * a model can make the same call twice on purpose.
 */
export const effectKey = (call: { runId: string; tool: string; input: unknown; occurrence: number }): string =>
  createHash('sha256')
    .update(canonical([call.runId, call.tool, call.input, call.occurrence]))
    .digest('base64url');

type Identity = Pick<Effect, 'runId' | 'key' | 'tool' | 'attempt'>;

/** How the call went, as the tool reports it. */
export type Act = { happened: 'yes' | 'no' | 'unknown'; output: string };

/**
 * Makes a call at most once a run: records it, makes it, then records its end. A later attempt gets the recorded output. A call without a
 * recorded end is `unknown`, and never made again.
 */
export const once = async (
  effect: Identity,
  act: () => Promise<Act>,
  effects: Effects,
): Promise<Act & { recorded: boolean }> => {
  const version = await claim(effect, effects);
  if (typeof version !== 'number') return { ...version, recorded: true };
  const done = await act();
  if (done.happened !== 'unknown') {
    const status = done.happened === 'yes' ? 'done' : 'undone';
    await effects.put({ ...effect, status, output: done.output, version: version + 1 });
  }
  return { ...done, recorded: false };
};

const unknown: Act = { happened: 'unknown', output: '' };

/** The version under which this caller alone may make the call, or how an earlier caller's call went. */
const claim = async (effect: Identity, effects: Effects): Promise<number | Act> => {
  if (await begun({ ...effect, version: 1 }, effects)) return 1;
  const seen = await effects.get(effect.runId, effect.key);
  if (seen?.status === 'done') return { happened: 'yes', output: seen.output ?? '' };
  if (seen?.status !== 'undone') return unknown;
  const version = seen.version + 1;
  return (await begun({ ...effect, version }, effects)) ? version : unknown;
};

const begun = async (effect: Identity & { version: number }, effects: Effects): Promise<boolean> => {
  try {
    await effects.put({ ...effect, status: 'pending', output: null });
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'EffectConflict') return false;
    throw thrown;
  }
};
