import { expect, test } from 'vitest';
import * as z from 'zod';
import { salvagedFields } from '../../lib/watch/salvaged-fields.ts';

const shape = { count: z.int(), name: z.string() };
const told = { count: 7, name: 'told' };

test.each<[unknown, object, string[]]>([
  [{ count: 1, name: 'read', more: true }, { count: 1, name: 'read' }, []],
  [{ count: 'many', name: 'read' }, { count: 7, name: 'read' }, ['count']],
  [{}, told, ['count', 'name']],
  [null, told, ['count', 'name']],
  ['text', told, ['count', 'name']],
])('of %j the fields %j are salvaged, and %j are lost', (damaged, fields, lost) => {
  expect(salvagedFields(damaged, shape, told)).toEqual({ fields, lost });
});
