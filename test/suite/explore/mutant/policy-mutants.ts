import { edit, type Mutant, mutant } from './mutant.ts';

const settled = '  await release(settled, deps);\n';
const letOutAtTheEnd = '  if (state.queued !== null) await startQueued(run.job.name, { after: run.id }, deps);\n';

/** Guards of a job's runs together: their places, and whatever keeps one from starting. */
export const together: Mutant[] = [
  mutant(
    'accounted',
    'a run recorded before it has its place',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '      await deps.stores.states.put(decided.state);\n      return start(seen, delivery);',
      '      if (!seen.isRecorded) await record(run, delivery);\n      await deps.stores.states.put(decided.state);\n      return start({ ...seen, isRecorded: true }, delivery);',
    ),
  ),
  mutant(
    'accounted',
    'an end that is accounted for again',
    ['answer'],
    edit('lib/lifecycle/release.ts', '    if (!isListed(before, run.id)) return before;\n', ''),
  ),
  mutant(
    'ends',
    'a settlement that leaves the accounting to the watchman',
    ['answer'],
    edit('lib/lifecycle/settle.ts', settled, ''),
  ),
  mutant(
    'accounted',
    'a settlement, and a watchman, that do not account',
    ['answer'],
    edit('lib/lifecycle/settle.ts', settled, ''),
    edit('lib/watch/reconcile.ts', '    await release(known.run, deps);\n', ''),
  ),
  mutant(
    'ends',
    'a queue that is left to the watchman',
    ['queue'],
    edit('lib/lifecycle/release.ts', letOutAtTheEnd, ''),
  ),
  mutant(
    'accounted',
    'a queue that nobody lets out',
    ['queue'],
    edit('lib/lifecycle/release.ts', letOutAtTheEnd, ''),
    edit(
      'lib/watch/reconcile.ts',
      "  if (state?.queued) await startQueued(name, { beside: overlap === 'allow' }, deps);\n",
      '',
    ),
  ),
  mutant(
    'let in',
    'a queue that is let out while a run goes on',
    ['queue'],
    edit(
      'lib/lifecycle/release.ts',
      '    if (!state?.queued || (!beside && state.open.some((lease) => lease.holds))) return false;',
      '    if (!state?.queued) return false;',
    ),
    edit('lib/lifecycle/dispatch.ts', '  if (isFree && state.queued !== null &&', '  if (state.queued !== null &&'),
  ),
  mutant(
    'let in',
    'a queued run that starts whatever has come meanwhile',
    ['queue-breaker', 'queue-budget', 'pause'],
    edit(
      'lib/lifecycle/release.ts',
      '  const refused = restraint(run, state, now);',
      '  const refused = undefined as Skip | undefined;',
    ),
  ),
  mutant(
    '1',
    'a run that has left the queue, started by its own delivery',
    ['cancel-queued'],
    edit('lib/lifecycle/dispatch.ts', '  if (lease?.skip) return skip(lease.skip, seen, delivery);\n', ''),
  ),
  mutant(
    'ends',
    'a run that was let out and never started',
    ['queue'],
    edit('lib/lifecycle/release.ts', '  await startAgain(run.id, state, deps);\n', ''),
  ),
  mutant(
    '6',
    'a newer run that does not close the attempt of the one before',
    ['cancel'],
    edit(
      'lib/lifecycle/settle.ts',
      '  await attempts.put({ ...stopped, failed, version: stopped.version + 1 });\n',
      '',
    ),
  ),
  mutant(
    'ends',
    'a newer run that gives way to an older slot',
    ['cancel-older'],
    edit('lib/policy/admission.ts', 'runName(other).slot > run.slot', 'runName(other).slot === run.slot'),
  ),
  mutant(
    'let in',
    'a run that does not look who holds the job',
    ['skip'],
    edit(
      'lib/policy/admission.ts',
      '  if (first === undefined || (run.job.overlap ===',
      '  if (stuck.length === 0 || first === undefined || (run.job.overlap ===',
    ),
  ),
  mutant(
    'ends',
    'a lease that is over as soon as it begins',
    ['skip'],
    edit('lib/policy/lease.ts', 'Date.parse(until) <= now.getTime()', 'Date.parse(until) > now.getTime()'),
  ),
  mutant(
    'ends',
    'a lease that is never over',
    ['stuck'],
    edit('lib/policy/lease.ts', 'Date.parse(until) <= now.getTime()', 'Date.parse(until) <= 0'),
  ),
  mutant(
    'reasons',
    'a slot skipped for a run that is over',
    ['skip', 'queue'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '  if (isForOthers(decided) && (await releaseEnded(state, deps))) throw jobConflict(run.id);\n',
      '',
    ),
  ),
  mutant(
    'let in',
    'a probe that nobody notes',
    ['breaker'],
    edit('lib/policy/admission.ts', 'breaker: breaker && scheduled ? { ...breaker, probe: id } : breaker,', 'breaker,'),
  ),
  mutant(
    'let in',
    'a breaker that is not looked at',
    ['breaker'],
    edit('lib/policy/admission.ts', "  if (broken) return { why: 'breaker', message: broken };\n", ''),
  ),
  mutant(
    'accounted',
    'a breaker that never closes',
    ['breaker'],
    edit(
      'lib/policy/breaker.ts',
      'Math.max(0, health.streak) + 1, breaker: null }',
      'Math.max(0, health.streak) + 1, breaker: health.breaker }',
    ),
  ),
  mutant(
    'let in',
    'a budget that counts runs when they have ended',
    ['budget'],
    edit('lib/policy/admission.ts', '{ slot, usd: 0, runs: scheduled ? 1 : 0 }', '{ slot, usd: 0, runs: 0 }'),
    edit('lib/lifecycle/release.ts', 'runs: ran || !lease?.holds ? 0 : -1', 'runs: ran && lease?.holds ? 1 : 0'),
  ),
  mutant(
    'accounted',
    'a skipped run that keeps its share of the budget',
    ['cancel-queued'],
    edit('lib/lifecycle/release.ts', 'runs: ran || !lease?.holds ? 0 : -1', 'runs: 0'),
  ),
  mutant(
    'let in',
    'a pause that is not looked at',
    ['pause'],
    edit('lib/policy/admission.ts', "  if (pause) return { why: 'paused', message: pauseText(pause) };\n", ''),
  ),
  mutant(
    '5',
    'a state that is put under no condition',
    ['answer'],
    edit(
      'lib/io/store/table.ts',
      'Item: item, ...condition }',
      "Item: item, ...(item.sk === 'state' ? {} : condition) }",
    ),
  ),
  mutant(
    'accounted',
    "a state that is put over another's",
    ['side-by-side'],
    edit(
      'lib/io/store/job-states.ts',
      '  async put(state) {\n',
      '  async put(given) {\n    const found = await table.get(keyOf(given));\n    const state = found ? { ...given, version: Number(found.version) + 1 } : given;\n',
    ),
  ),
  mutant(
    'ends',
    'a lost race for the state that is not run again',
    ['side-by-side', 'cancel'],
    edit('lib/policy/job-state.ts', 'const maxRepeats = 50;', 'const maxRepeats = 0;'),
  ),
  mutant(
    '1',
    'a watchman that does not deliver what was lost',
    ['lost'],
    edit(
      'lib/watch/watchman.ts',
      '  return undelivered.length > 0 ? catchUp(',
      '  return undelivered.length < 0 ? catchUp(',
    ),
  ),
  mutant(
    '7',
    'a watchman that leaves a dead execution alone, and a lease that is never over',
    ['dead'],
    edit('lib/policy/lease.ts', 'Date.parse(until) <= now.getTime()', 'Date.parse(until) <= 0'),
    edit(
      'lib/watch/reconcile.ts',
      "  await settle({ died: { runId: run.id, status: status === 'SUCCEEDED' ? 'FAILED' : status } }, deps);\n",
      '',
    ),
  ),
];
