import { callText, type EffectCount } from '../../../lib/run/effect-count.ts';
import { hasRun } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import { count, duration } from './format.ts';
import { brief } from './sanitize.ts';
import { about as span } from './time.ts';

/** A run's end as a verb: `succeeded`, `failed (ModelUnavailable)`. */
export const endOf = ({ outcome }: Run): string => {
  if (!outcome) return 'is still open';
  if (outcome.status === 'succeeded') return 'succeeded';
  if (outcome.status === 'failed') return `failed (${outcome.failure})`;
  return outcome.status === 'skipped' ? `was skipped (${outcome.why})` : 'was missed';
};

/** How long after its slot a run was recorded: `2.0 s after its slot`. */
export const lateText = ({ slot, startedAt }: Run): string => {
  const ms = Date.parse(startedAt) - Date.parse(slot);
  return ms < 0 ? 'ahead of its slot' : `${ms < 60_000 ? duration(ms) : span(ms)} after its slot`;
};

const amounts = ({ done, undone, unknown }: EffectCount): string =>
  [
    ...(done > 0 ? [`${count(done)} done`] : []),
    ...(undone > 0 ? [`${count(undone)} not done`] : []),
    ...(unknown > 0 ? [`${count(unknown)} unknown`] : []),
  ].join(', ');

/** The calls of a run that are not done, for a table: `1 not done, 1 unknown`. Empty where all are. */
export const notDoneText = ({ outcome }: Run): string =>
  hasRun(outcome) && outcome.effects ? amounts({ ...outcome.effects, done: 0 }) : '';

/** Who hid the result of a run from later runs. Empty where nobody did. */
export const forgottenText = ({ forgotten }: Run): string =>
  forgotten ? `forgotten by ${brief(forgotten.by, 100)} on ${forgotten.at}: later runs do not see its result` : '';

/** What became of a run's calls that change the world: `1 done, 1 not done: http_post to …: the server answered 401`. Undefined where it has none. */
export const effectsText = ({ outcome }: Run): string | undefined => {
  if (!hasRun(outcome) || !outcome.effects) return undefined;
  const { first } = outcome.effects;
  const why = first?.reason ? `: ${brief(first.reason, 300)}` : '';
  return first
    ? `${amounts(outcome.effects)}: ${brief(callText(first), 300)} ${first.status === 'unknown' ? 'may have happened' : 'is not done'}${why}`
    : amounts(outcome.effects);
};
