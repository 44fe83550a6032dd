import type { Run } from '../../../lib/run/run.ts';
import { duration } from './format.ts';
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
