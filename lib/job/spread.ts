import { createHash } from 'node:crypto';
import { type Slot, slotAt } from '../schedule/slot.ts';
import type { Job } from './job.ts';

/** How far after its slots a job's runs start, in seconds: from 0 to its `spreadSeconds`, told by its name alone and so always the same. */
export const offsetSeconds = ({ name, spreadSeconds }: Pick<Job, 'name' | 'spreadSeconds'>): number =>
  createHash('sha256').update(name).digest().readUInt32BE(0) % (spreadSeconds + 1);

/** The instant before which a run of the job for this slot does not start. */
export const startsAt = (slot: Slot, job: Pick<Job, 'name' | 'spreadSeconds'>): string =>
  slotAt(new Date(Date.parse(slot) + offsetSeconds(job) * 1000));
