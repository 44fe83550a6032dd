import { edit, type Mutant, mutant } from './mutant.ts';

const settled = '  await release(settled, deps);\n';
const letOutAtTheEnd = '  if (state.queued !== null) await startQueued(run.job.name, { after: run.id }, deps);\n';

/** Mutants of a job's policy: leases, queue, breaker, budget, pause, and the watchman. */
export const policyMutants: Mutant[] = [
  mutant(
    'accounted',
    'dispatch records a run before it has its lease',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '      await deps.stores.states.put(decided.state);\n      return start(seen, delivery);',
      '      if (!seen.isRecorded) await record(run, delivery);\n      await deps.stores.states.put(decided.state);\n      return start({ ...seen, isRecorded: true }, delivery);',
    ),
  ),
  mutant(
    'accounted',
    'release counts a run that it has counted before',
    ['answer'],
    edit('lib/lifecycle/release.ts', '    if (!isListed(before, run.id)) return before;\n', ''),
  ),
  mutant('ends', 'settle leaves the release to the watchman', ['answer'], edit('lib/lifecycle/settle.ts', settled, '')),
  mutant(
    'accounted',
    'neither settle nor the watchman releases a run',
    ['answer'],
    edit('lib/lifecycle/settle.ts', settled, ''),
    edit('lib/watch/reconcile.ts', '    await release(known.run, deps);\n', ''),
  ),
  mutant(
    'ends',
    'release leaves the queued run to the watchman',
    ['queue'],
    edit('lib/lifecycle/release.ts', letOutAtTheEnd, ''),
  ),
  mutant(
    'accounted',
    'neither release nor the watchman starts the queued run',
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
    'the queued run starts while another run works',
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
    'the queued run starts despite a new pause, breaker or budget',
    ['queue-breaker', 'queue-budget', 'pause'],
    edit(
      'lib/lifecycle/release.ts',
      '  const refused = restraint(run, state, now);',
      '  const refused = undefined as Skip | undefined;',
    ),
  ),
  mutant(
    '1',
    'a second delivery starts a run that left the queue as skipped',
    ['cancel-queued'],
    edit('lib/lifecycle/dispatch.ts', '  if (lease?.skip) return skip(lease.skip, seen, delivery);\n', ''),
  ),
  mutant(
    'ends',
    'release takes a run out of the queue and does not start it',
    ['queue'],
    edit('lib/lifecycle/release.ts', '  await startAgain(run.id, state, deps);\n', ''),
  ),
  mutant(
    '6',
    'a newer run does not close the attempt of the run it replaces',
    ['cancel'],
    edit(
      'lib/lifecycle/settle.ts',
      '  await attempts.put({ ...stopped, failed, version: stopped.version + 1 });\n',
      '',
    ),
  ),
  mutant(
    'ends',
    'a newer run gives way to an older slot',
    ['cancel-older'],
    edit('lib/policy/admission.ts', 'runName(other).slot > run.slot', 'runName(other).slot === run.slot'),
  ),
  mutant(
    'let in',
    'admission ignores the run that holds the job',
    ['skip'],
    edit(
      'lib/policy/admission.ts',
      '  if (first === undefined || (run.job.overlap ===',
      '  if (stuck.length === 0 || first === undefined || (run.job.overlap ===',
    ),
  ),
  mutant(
    'ends',
    'a lease expires as soon as it begins',
    ['skip'],
    edit('lib/policy/lease.ts', 'Date.parse(until) <= now.getTime()', 'Date.parse(until) > now.getTime()'),
  ),
  mutant(
    'ends',
    'a lease never expires',
    ['stuck'],
    edit('lib/policy/lease.ts', 'Date.parse(until) <= now.getTime()', 'Date.parse(until) <= 0'),
  ),
  mutant(
    'reasons',
    'dispatch skips a slot for a run that has ended',
    ['skip', 'queue'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '  if (isForOthers(decided) && (await releaseEnded(state, deps))) throw jobConflict(run.id);\n',
      '',
    ),
  ),
  mutant(
    'let in',
    'admission does not record the probe of an open breaker',
    ['breaker'],
    edit('lib/policy/admission.ts', 'breaker: breaker && scheduled ? { ...breaker, probe: id } : breaker,', 'breaker,'),
  ),
  mutant(
    'let in',
    'admission ignores the breaker',
    ['breaker'],
    edit('lib/policy/admission.ts', "  if (broken) return { why: 'breaker', message: broken };\n", ''),
  ),
  mutant(
    'accounted',
    'the breaker never closes',
    ['breaker'],
    edit(
      'lib/policy/breaker.ts',
      'Math.max(0, health.streak) + 1, breaker: null }',
      'Math.max(0, health.streak) + 1, breaker: health.breaker }',
    ),
  ),
  mutant(
    'let in',
    'the budget counts a run when it ends',
    ['budget'],
    edit('lib/policy/admission.ts', '{ slot, usd: 0, runs: scheduled ? 1 : 0 }', '{ slot, usd: 0, runs: 0 }'),
    edit('lib/lifecycle/release.ts', 'runs: ran || !lease?.holds ? 0 : -1', 'runs: ran && lease?.holds ? 1 : 0'),
  ),
  mutant(
    'accounted',
    'a skipped run keeps its share of the budget',
    ['cancel-queued'],
    edit('lib/lifecycle/release.ts', 'runs: ran || !lease?.holds ? 0 : -1', 'runs: 0'),
  ),
  mutant(
    'let in',
    'admission ignores the pause',
    ['pause'],
    edit('lib/policy/admission.ts', "  if (pause) return { why: 'paused', message: pauseText(pause) };\n", ''),
  ),
  mutant(
    '5',
    'the state is put without a condition',
    ['answer'],
    edit(
      'lib/io/store/table.ts',
      'Item: item, ...condition }',
      "Item: item, ...(item.sk === 'state' ? {} : condition) }",
    ),
  ),
  mutant(
    'accounted',
    "a state put overwrites another writer's version",
    ['side-by-side'],
    edit(
      'lib/io/store/job-states.ts',
      '  async put(state) {\n',
      '  async put(given) {\n    const found = await table.get(stateKey(given));\n    const state = found ? { ...given, version: Number(found.version) + 1 } : given;\n',
    ),
  ),
  mutant(
    'own keys',
    'an attempt writes its run',
    ['once'],
    edit(
      'lib/agent/agent-loop.ts',
      '  const claimed = await claim(run, input, deps);',
      '  await runs.put({ ...run, version: run.version + 1 });\n  const claimed = await claim(run, input, deps);',
    ),
  ),
  mutant(
    'ends',
    'a lost race for the state is not repeated',
    ['side-by-side', 'cancel'],
    edit('lib/policy/job-state.ts', 'const maxRepeats = 50;', 'const maxRepeats = 0;'),
  ),
  mutant(
    '1',
    'the watchman does not catch up lost slots',
    ['lost'],
    edit('lib/watch/watchman.ts', 'undelivered.length > 0 ? await catchUp(', 'undelivered.length < 0 ? await catchUp('),
  ),
  mutant(
    '7',
    'the watchman ignores a dead execution and leases never expire',
    ['dead'],
    edit('lib/policy/lease.ts', 'Date.parse(until) <= now.getTime()', 'Date.parse(until) <= 0'),
    edit(
      'lib/watch/reconcile.ts',
      "  await settle({ died: { runId: run.id, status: status === 'SUCCEEDED' ? 'FAILED' : status } }, deps);\n",
      '',
    ),
  ),
];
