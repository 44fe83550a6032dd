import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { type EffectRecord, effectKey } from '../run/effect.ts';
import { callText, type EffectLimits, isMadeGood, isOverLimit, notDone, statusOf } from '../run/effect-count.ts';
import { type Call, callsOf, type Step } from '../run/step.ts';

/** The attempt that is about to end with an answer, and its steps. */
export type Ending = { runId: string; number: number; steps: Step[] };

const isDone = ({ status }: Call): boolean => status === 'ok' || status === 'recorded';

/** The tools of which a call of this attempt is done, as a repeat of an earlier attempt's call or not. */
const toolsUsed = (steps: Step[]): Set<string> =>
  new Set(
    steps.flatMap((step) =>
      callsOf(step)
        .filter(isDone)
        .map(({ call }) => call.toolName),
    ),
  );

const missing = (effect: Pick<EffectRecord, 'tool' | 'place' | 'reason'>, tryAgain: boolean, more: number): Failure => {
  const others = more > 0 ? `, and ${more} more` : '';
  const why = effect.reason ? `: ${effect.reason}` : '';
  return new Failure('EffectMissing', `${callText(effect)} is not done${others}${why}`, { tryAgain });
};

/** The first tool that the job needs and of which no call is done. */
const needMissing = (needs: string[], effects: EffectRecord[], used: Set<string>): Failure | undefined => {
  const isMet = (tool: string): boolean =>
    used.has(tool) || effects.some((effect) => effect.tool === tool && effect.status === 'done');
  const unmet = needs.filter((tool) => !isMet(tool));
  const [tool] = unmet;
  if (tool === undefined) return undefined;
  const tried = notDone(effects).filter((effect) => unmet.includes(effect.tool));
  const isUnknown = tried.some((effect) => statusOf(effect) === 'unknown');
  const first = tried.find((effect) => effect.tool === tool) ?? { tool, place: null, reason: 'no call was made' };
  return missing(first, !isUnknown, unmet.length - 1);
};

/** An earlier attempt's call that certainly was not made is made good by this attempt's own call of that tool: it began anew. */
const isBegunAnew = (effect: EffectRecord, number: number, used: Set<string>): boolean =>
  effect.status === 'undone' && effect.attempt < number && used.has(effect.tool);

/**
 * The last step of this attempt that asked for each unknown effect, by its key. A call of that step or of an earlier one was made before the model
 * was told that the effect is unknown, so it does not make it good.
 */
const lastAsks = ({ runId, steps }: Ending): Map<string, number> => {
  const calls = steps.flatMap((step) => callsOf(step).map((one) => ({ ...one, step: step.number })));
  const asks = calls.filter(({ status }) => status === 'unknown');
  const keys = asks.flatMap(({ call: { toolName: tool, input }, step }) => {
    const equal = calls.filter(({ call }) => call.toolName === tool && isDeepStrictEqual(call.input, input)).length;
    return Array.from(
      { length: equal },
      (_, at) => [effectKey({ runId, tool, input, occurrence: at + 1 }), step] as const,
    );
  });
  return new Map(keys);
};

const callMissing = (
  effects: EffectRecord[],
  ending: Ending,
  used: Set<string>,
  limits: EffectLimits,
): Failure | undefined => {
  const asked = lastAsks(ending);
  const asLastAsked = (effect: EffectRecord): EffectRecord => {
    const step = statusOf(effect) === 'unknown' ? asked.get(effect.key) : undefined;
    return step === undefined ? effect : { ...effect, attempt: ending.number, step };
  };
  const left = notDone(effects).filter(
    (effect) => !isMadeGood(asLastAsked(effect), effects, limits) && !isBegunAnew(effect, ending.number, used),
  );
  const [first] = left;
  if (!first) return undefined;
  const mayHelp = left.every((effect) => statusOf(effect) === 'undone' && !isOverLimit(effect, effects, limits));
  return missing(first, mayHelp, left.length - 1);
};

/**
 * EffectMissing if an attempt may not end as a success. With `needs`: a call of each of these tools must be done. Without: each call that changes
 * the world must be done, or made good. `tryAgain` where what is missing certainly was not made. A job with `effects: lenient` has no such failure.
 */
export const effectMissing = (job: Job, effects: EffectRecord[], ending: Ending): Failure | undefined => {
  if (job.effects === 'lenient') return undefined;
  const used = toolsUsed(ending.steps);
  return job.needs ? needMissing(job.needs, effects, used) : callMissing(effects, ending, used, job.limits.effects);
};
