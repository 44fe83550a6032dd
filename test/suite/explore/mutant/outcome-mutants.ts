import { edit, type Mutant, mutant } from './mutant.ts';

/** Mutants of what an outcome says, of limits of effects, and of attempts that end as EffectMissing or GaveUp. */
export const outcomeMutants: Mutant[] = [
  mutant(
    '9',
    'an attempt ends with its answer although a payment is not done',
    ['denied'],
    edit('lib/agent/agent-loop.ts', '  if (failure) throw failure;\n};\n\n/** Claims', '};\n\n/** Claims'),
  ),
  mutant(
    '9',
    'an attempt ends with its answer although a payment that the job needs was not made',
    ['needed'],
    edit(
      'lib/agent/effect-check.ts',
      '  if (tool === undefined) return undefined;',
      '  if (needs.length > 0) return undefined;',
    ),
  ),
  mutant(
    '9',
    'an attempt looks at its own payments only',
    ['once'],
    edit(
      'lib/agent/agent-loop.ts',
      'mayAct ? await effects.list(run.id) : []',
      'mayAct ? (await effects.list(run.id)).filter(({ attempt }) => attempt === ending.number) : []',
    ),
  ),
  mutant(
    '9',
    'a payment that may have happened counts as done',
    ['once'],
    edit(
      'lib/run/effect-count.ts',
      "  status === 'pending' ? 'unknown' : status;",
      "  status === 'undone' ? status : 'done';",
    ),
  ),
  mutant(
    '9',
    'any later payment makes good one to another place',
    ['denied'],
    edit('lib/run/effect-count.ts', 'place == null || done.place === place', "place == null || done.tool === 'pay'"),
  ),
  mutant(
    '9',
    'an earlier payment makes good a later one',
    ['denied'],
    edit('lib/run/effect-count.ts', '(over || isLater(other, effect))', '(over || other !== effect)'),
  ),
  mutant(
    '9',
    'a payment makes good an equal one of its own step that is unknown',
    ['repeat'],
    edit(
      'lib/agent/effect-check.ts',
      'const asked = lastAsks(ending);',
      'const asked = lastAsks({ ...ending, steps: [] });',
    ),
  ),
  mutant(
    '9',
    'an attempt is tried again although a payment may have happened',
    ['doubtful'],
    edit('lib/agent/effect-check.ts', "(effect) => statusOf(effect) === 'undone' && ", '(effect) => '),
  ),
  mutant(
    '9',
    'settle does not count the payments',
    ['once'],
    edit('lib/lifecycle/settle.ts', 'job.tools.length > 0 ?', 'job.tools.length > 99 ?'),
  ),
  mutant(
    '9',
    'a limit counts only payments that are done',
    ['reworded'],
    edit(
      'lib/run/effect.ts',
      "seats.find(({ status }) => status === 'undone')?.seat",
      "seats.find(({ status }) => status !== 'done')?.seat",
    ),
  ),
  mutant(
    '9',
    'a limit counts the payments of one attempt',
    ['reworded'],
    edit(
      'lib/run/effect.ts',
      'await effects.seats(effect.runId, effect.tool);',
      'await effects.seats(effect.runId, effect.tool);\n    if (!seats.some((one) => one.attempt === effect.attempt)) return claim(effect, effects);',
    ),
  ),
  mutant(
    '9',
    'a limit is read before a payment is recorded, without a seat',
    ['reworded'],
    edit(
      'lib/run/effect.ts',
      ' : await claimSeat(effect, effects, limit);',
      ` : (await effects.list(effect.runId)).filter(({ status }) => status !== 'undone').length >= limit
        ? (await claimSeat(effect, effects, 0))
        : await claim(effect, effects);`,
    ),
  ),
  mutant(
    '3',
    'a new attempt is not told what earlier ones paid',
    ['reworded'],
    edit('lib/agent/agent-loop.ts', 'const isLater = number > 1 &&', 'const isLater = number > 99 &&'),
  ),
  mutant(
    '3',
    'a payment that may have happened is told as done',
    ['once'],
    edit(
      'lib/run/effect-count.ts',
      'earlier.filter((effect) => statusOf(effect) === status)',
      "earlier.filter((effect) => (effect.status === 'undone') === (status === 'unknown'))",
    ),
  ),
  mutant(
    '9',
    'an agent that gave up for good is tried again',
    ['gives-up'],
    edit(
      'lib/lifecycle/retry.ts',
      "(kind === 'says' && failed.tryAgain !== true)",
      "(kind === 'says' && failed.attempt > 9)",
    ),
  ),
  mutant(
    '9',
    'triage drops what a failure says of a new attempt',
    ['gives-up'],
    edit(
      'lib/lifecycle/triage.ts',
      'retryAfterSeconds, tryAgain }, run.job.retry',
      'retryAfterSeconds }, run.job.retry',
    ),
  ),
];
