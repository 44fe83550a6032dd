import { edit, type Mutant, mutant } from './mutant.ts';

const settlesAgain = edit(
  'lib/lifecycle/settle.ts',
  'isEnded(run) ? run : await recordOutcome(run, end, deps)',
  'await recordOutcome(run, end, deps)',
);
const anyVersion = edit(
  'lib/io/store/table.ts',
  "seen: 'version = :seen'",
  "seen: 'version = :seen OR attribute_not_exists(none)'",
);

/** Mutants of stored items, their keys and their conditions. */
export const storageMutants: Mutant[] = [
  mutant(
    '1',
    'a run is named after the clock instead of its slot',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      "import { Slot, slotAge, slotAt } from '../schedule/slot.ts';",
      "import { Slot, slotAge, slotAt } from '../schedule/slot.ts';",
    ),
    edit(
      'lib/lifecycle/dispatch.ts',
      '  const { slot, suffix, model, slots } = event;',
      '  const { suffix, model, slots } = event;\n  const slot = slotAt(now);',
    ),
  ),
  mutant(
    '1',
    'dispatch ignores that the run exists',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '  await orJobConflict(run.id, delivery.deps.stores.runs.put(run));',
      '  await delivery.deps.stores.runs.put(run).catch(() => undefined);',
    ),
  ),
  mutant(
    '1',
    'a second delivery starts a skipped run',
    ['disabled'],
    edit(
      'lib/lifecycle/dispatch.ts',
      "  if (known.is === 'ended') return reportEnded",
      "  if (known.is === 'ended' && lease) return reportEnded",
    ),
  ),
  mutant('2', 'settle ignores a recorded outcome', ['refused'], settlesAgain),
  mutant('2', 'settle accepts any version of the run', ['answer'], anyVersion),
  mutant(
    '5',
    'a put has no condition',
    ['answer'],
    edit('lib/io/store/table.ts', 'Item: item, ...condition }', 'Item: item }'),
  ),
  mutant(
    '5',
    'a put of a new item overwrites an existing one',
    ['answer'],
    edit('lib/io/store/table.ts', "'attribute_not_exists(pk) OR", "'attribute_not_exists(none) OR"),
  ),
  mutant(
    '5',
    'a lost race is not reported',
    ['answer'],
    edit(
      'lib/io/store/table.ts',
      '      if ((await get(draft.key))?.token === item.token) return;',
      '      if (await get(draft.key)) return;',
    ),
  ),
  mutant(
    '5',
    'a continued attempt is not claimed',
    ['continue'],
    edit(
      'lib/agent/agent-loop.ts',
      '  await attempts.put(claimed);',
      '  if (version === 0) await attempts.put(claimed);',
    ),
  ),
  mutant(
    'ends',
    'a put does not recognise its own token',
    ['answer'],
    edit('lib/io/store/table.ts', '      if ((await get(draft.key))?.token === item.token) return;\n', ''),
  ),
  mutant(
    'ends',
    'a read is eventually consistent',
    ['continue'],
    edit('lib/io/store/table.ts', 'Key: key, ConsistentRead: true', 'Key: key, ConsistentRead: false'),
  ),
];
