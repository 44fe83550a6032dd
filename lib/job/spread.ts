import { createHash } from 'node:crypto';
import { type Slot, slotAt } from '../schedule/slot.ts';
import type { Job } from './job.ts';

/** The seconds between a job's slots and the start of its runs, from 0 to `spreadSeconds`. A hash of the job's name, so it never changes. */
export const offsetSeconds = ({ name, spreadSeconds }: Pick<Job, 'name' | 'spreadSeconds'>): number =>
  createHash('sha256').update(name).digest().readUInt32BE(0) % (spreadSeconds + 1);

/** The instant at which a run for this slot may start. */
export const startsAt = (slot: Slot, job: Pick<Job, 'name' | 'spreadSeconds'>): string =>
  slotAt(new Date(Date.parse(slot) + offsetSeconds(job) * 1000));
