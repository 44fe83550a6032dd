import { edit, type Mutant, mutant } from './mutant.ts';

/** Guards of what is done, and of the end. */
export const done: Mutant[] = [
  mutant(
    '6',
    'an effect recorded after the act',
    ['once'],
    edit(
      'lib/run/effect.ts',
      "  const version = await claim(effect, effects);\n  if (typeof version !== 'number') return { ...version, recorded: true };\n  const done = await act();\n",
      `  const seen = await effects.get(effect.runId, effect.key);
  if (seen?.status === 'done') return { happened: 'yes', output: seen.output ?? '', recorded: true };
  const done = await act();
  const version = await claim(effect, effects);
  if (typeof version !== 'number') return { ...version, recorded: true };
`,
    ),
  ),
  mutant(
    '6',
    'no look at the attempt before an effect',
    ['once'],
    edit('lib/agent/tool-call.ts', '  await deps.fence();\n', ''),
  ),
  mutant(
    '6',
    'an effect that each attempt makes anew',
    ['once'],
    edit('lib/agent/tool-call.ts', 'effectKey({ runId, tool', 'effectKey({ runId: `${runId}/${attempt}`, tool'),
  ),
  mutant(
    '6',
    'an effect whose end nobody saw, made again',
    ['once'],
    edit('lib/run/effect.ts', "  if (seen?.status !== 'undone') return unknown;\n", '  if (!seen) return unknown;\n'),
  ),
  mutant(
    '6',
    'an interrupted call told as not made',
    ['once'],
    edit(
      'lib/agent/tool-call.ts',
      "thrown.kind === 'interrupted' ? 'unknown' : thrown.kind",
      "thrown.kind === 'interrupted' ? 'unreachable' : thrown.kind",
    ),
  ),
  mutant(
    '6',
    'an aborted execution that closes no attempt',
    ['once'],
    edit(
      'lib/lifecycle/settle.ts',
      '  await attempts.put({ ...stopped, failed, version: stopped.version + 1 });\n',
      '',
    ),
  ),
  mutant(
    '6',
    'an aborted execution that closes only an attempt that is open',
    ['once'],
    edit(
      'lib/lifecycle/settle.ts',
      '  await attempts.put({ ...stopped,',
      '  if (open) await attempts.put({ ...stopped,',
    ),
  ),
  mutant(
    'ends',
    'a dispatch that leaves an open run alone',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '  if (lease) {',
      "  if (lease) return { status: 'duplicate', run: id };\n  if (lease) {",
    ),
  ),
  mutant(
    '7',
    'the end of an execution that nobody settles',
    ['answer'],
    edit(
      'lib/lifecycle/settle.ts',
      '  const settled = isEnded(run)',
      "  if ('died' in end) return run.outcome as Outcome;\n  const settled = isEnded(run)",
    ),
  ),
  mutant(
    '7',
    'a triage that does not look for a committed answer',
    ['single'],
    edit('lib/lifecycle/triage.ts', "  if (answered) return { status: 'done', steps, usage: committedUsage };\n", ''),
  ),
  mutant(
    '7',
    'the settlement of a dead execution that does not look for one',
    ['answer'],
    edit(
      'lib/lifecycle/settle.ts',
      'if (last && !last.failed && lastWork?.answered',
      'if (last && !last.failed && false && lastWork?.answered',
    ),
  ),
  mutant(
    '7',
    'a triage that decides twice',
    ['retry'],
    edit('lib/lifecycle/triage.ts', '  if (seen?.failed) return resultOf(input, seen.failed);\n', ''),
  ),
  mutant(
    'ends',
    'a triage that forgets what a dead attempt used',
    ['once'],
    edit('lib/lifecycle/triage.ts', 'usage: larger(reported.usage, committedUsage)', 'usage: reported.usage'),
  ),
  mutant(
    'ends',
    'a state machine that does not catch a dead attempt',
    ['answer'],
    edit(
      'infra/run.asl.json',
      '"Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.result", "Next": "Triage" }],',
      '',
    ),
  ),
  mutant(
    'ends',
    'a new attempt that continues',
    ['retry'],
    edit('infra/run.asl.json', '"version": 0', '"version.$": "$.attempt"'),
  ),
];
