/** Slots of the job, an hour apart, and the ids of their runs. */
export const slots = ['2026-11-22T07:00:00Z', '2026-11-22T08:00:00Z', '2026-11-22T09:00:00Z'] as const;
export const idOf = (slot: string) => `report_${slot.replaceAll(/[-:]/g, '')}`;
export const ids = slots.map(idOf) as [string, string, string];
