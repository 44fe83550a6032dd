import * as z from 'zod';

const Fields = z.record(z.string(), z.unknown());

/** A value in place of a damaged one: each field that can be read by its schema is kept, each other one is as told. `lost` names the latter. */
export const salvagedFields = (
  damaged: unknown,
  shape: Record<string, z.core.$ZodType>,
  told: Record<string, unknown>,
): { fields: Record<string, unknown>; lost: string[] } => {
  const found = Fields.safeParse(damaged).data ?? {};
  const read = Object.entries(shape).map(([name, schema]) => ({ name, result: z.safeParse(schema, found[name]) }));
  return {
    fields: Object.fromEntries(read.map(({ name, result }) => [name, result.success ? result.data : told[name]])),
    lost: read.filter(({ result }) => !result.success).map(({ name }) => name),
  };
};
