import * as z from 'zod';
import { Failure } from '../failure.ts';

const pattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const isRealInstant = (text: string): boolean => new Date(text).toJSON() === text.replace('Z', '.000Z');

/** An instant at which a job is due, in UTC and whole seconds, as EventBridge Scheduler writes it. It identifies a run and is never "now". */
export const Slot = z
  .string()
  .regex(pattern, 'must be an instant like 2026-11-22T07:00:00Z')
  .refine((text) => !pattern.test(text) || isRealInstant(text), 'is not a real date and time');
export type Slot = z.infer<typeof Slot>;

/** An instant as a slot, cut to whole seconds. */
export const slotAt = (instant: Date): Slot => `${instant.toJSON().slice(0, 19)}Z`;

/** A slot as run ids contain it: `20261122T070000Z`. Step Functions allows no colon in an execution name. */
export const compactSlot = (slot: Slot): string => slot.replaceAll(/[-:]/g, '');

/** Converts the compact form back to a slot. Throws InvalidSlot. */
export const expandSlot = (compact: string): Slot => {
  const slot = compact.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5');
  if (slot === compact || !Slot.safeParse(slot).success)
    throw new Failure('InvalidSlot', `found "${compact}", expected 20261122T070000Z`);
  return slot;
};

/** Seconds from a slot to `now`. Negative if the slot is in the future. */
export const slotAge = (slot: Slot, now: Date): number => (now.getTime() - Date.parse(slot)) / 1000;
