import { edit, type Mutant, mutant } from './mutant.ts';

const noSecondLook = edit(
  'lib/lifecycle/settle.ts',
  'isEnded(run) ? run : await recordOutcome(run, end, deps)',
  'await recordOutcome(run, end, deps)',
);
const anyVersion = edit(
  'lib/io/store/table.ts',
  "seen: 'version = :seen'",
  "seen: 'version = :seen OR attribute_not_exists(none)'",
);

/** Guards of what is written, and where. */
export const stored: Mutant[] = [
  mutant(
    '1',
    'a run named after the clock, not the slot',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      "import { Slot, slotAge } from '../schedule/slot.ts';",
      "import { Slot, slotAge, slotAt } from './slot.ts';",
    ),
    edit(
      'lib/lifecycle/dispatch.ts',
      '  const { slot, suffix, model, slots } = event;',
      '  const { suffix, model, slots } = event;\n  const slot = slotAt(now);',
    ),
  ),
  mutant(
    '1',
    'dispatch without the absence check',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '  await orJobConflict(run.id, delivery.deps.stores.runs.put(run));',
      '  await delivery.deps.stores.runs.put(run).catch(() => undefined);',
    ),
  ),
  mutant(
    '1',
    'a skipped run that a second delivery starts',
    ['disabled'],
    edit(
      'lib/lifecycle/dispatch.ts',
      "  if (known.is === 'ended') return reportEnded",
      "  if (known.is === 'ended' && lease) return reportEnded",
    ),
  ),
  mutant('2', 'a second settlement that does not look for the first', ['refused'], noSecondLook),
  mutant('2', 'settle without a version', ['answer'], anyVersion),
  mutant(
    '5',
    'an unconditional put',
    ['answer'],
    edit('lib/io/store/table.ts', 'Item: item, ...condition }', 'Item: item }'),
  ),
  mutant(
    '5',
    'a put that does not need absence',
    ['answer'],
    edit('lib/io/store/table.ts', "'attribute_not_exists(pk) OR", "'attribute_not_exists(none) OR"),
  ),
  mutant(
    '5',
    'a lost race that is not told',
    ['answer'],
    edit(
      'lib/io/store/table.ts',
      '      if ((await get(draft.key))?.token === item.token) return;',
      '      if (await get(draft.key)) return;',
    ),
  ),
  mutant(
    '5',
    'no claim check on continuation',
    ['continue'],
    edit(
      'lib/agent/agent-loop.ts',
      '  await attempts.put(claimed);',
      '  if (version === 0) await attempts.put(claimed);',
    ),
  ),
  mutant(
    'ends',
    'a put that does not know its own token',
    ['answer'],
    edit('lib/io/store/table.ts', '      if ((await get(draft.key))?.token === item.token) return;\n', ''),
  ),
  mutant(
    'ends',
    'a read that may be old',
    ['continue'],
    edit('lib/io/store/table.ts', 'Key: key, ConsistentRead: true', 'Key: key, ConsistentRead: false'),
  ),
];
