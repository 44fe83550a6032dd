import { edit, type Mutant, mutant } from './mutant.ts';

/** Mutants of effects, triage, settle and the state machine. */
export const effectMutants: Mutant[] = [
  mutant(
    '6',
    'an effect is recorded after it is made',
    ['once'],
    edit(
      'lib/run/effect.ts',
      '  const claimed = limit === undefined ? await claim(effect, effects) : await claimSeat(effect, effects, limit);\n',
      `  const seen = await effects.get(effect.runId, effect.key);
  if (seen?.status === 'done') return { happened: 'yes', output: seen.output ?? '', recorded: true };
  const made = await act();
  const claimed = await claim(effect, effects);
`,
    ),
    edit('lib/run/effect.ts', '  const done = await act();\n', '  const done = made;\n'),
    edit('lib/run/effect.ts', "  if (claimed === 'over limit') return", '  if (limit === -1) return'),
    edit('lib/run/effect.ts', '{ happened: claimed, output', "{ happened: 'over limit', output"),
  ),
  mutant(
    '6',
    'the attempt is not fenced before an effect',
    ['once'],
    edit('lib/agent/tool-call.ts', '  await deps.fence();\n  const { happened', '  const { happened'),
  ),
  mutant(
    '6',
    'every attempt makes an effect again',
    ['once'],
    edit('lib/agent/tool-call.ts', 'effectKey({ runId, tool', 'effectKey({ runId: `${runId}/${attempt}`, tool'),
  ),
  mutant(
    '6',
    'an effect with an unknown end is made again',
    ['once'],
    edit(
      'lib/run/effect.ts',
      "return seen?.status === 'undone' ? undefined : unknown;",
      'return seen ? undefined : unknown;',
    ),
  ),
  mutant(
    '6',
    'an interrupted call counts as not made',
    ['once'],
    edit(
      'lib/agent/tool-call.ts',
      "thrown.kind === 'interrupted' ? 'unknown' : thrown.kind",
      "thrown.kind === 'interrupted' ? 'unreachable' : thrown.kind",
    ),
  ),
  mutant(
    '6',
    'settle of an aborted execution closes no attempt',
    ['once'],
    edit(
      'lib/lifecycle/settle.ts',
      '  await attempts.put({ ...stopped, failed, version: stopped.version + 1 });\n',
      '',
    ),
  ),
  mutant(
    '6',
    'settle of an aborted execution closes open attempts only',
    ['once'],
    edit(
      'lib/lifecycle/settle.ts',
      '  await attempts.put({ ...stopped,',
      '  if (open) await attempts.put({ ...stopped,',
    ),
  ),
  mutant(
    'ends',
    'dispatch does not start an open run again',
    ['answer'],
    edit(
      'lib/lifecycle/dispatch.ts',
      '  if (lease) {',
      "  if (lease) return { status: 'duplicate', run: id };\n  if (lease) {",
    ),
  ),
  mutant(
    '7',
    'settle ignores the event of an execution that died',
    ['answer'],
    edit(
      'lib/lifecycle/settle.ts',
      '  const settled = isEnded(run)',
      "  if ('died' in end) return run.outcome as Outcome;\n  const settled = isEnded(run)",
    ),
  ),
  mutant(
    '7',
    'triage ignores a committed answer',
    ['single'],
    edit('lib/lifecycle/triage.ts', "  if (answered) return { status: 'done', steps, usage: committedUsage };\n", ''),
  ),
  mutant(
    '7',
    'settle of a dead execution ignores a committed answer',
    ['answer'],
    edit(
      'lib/lifecycle/settle.ts',
      'if (last && !last.failed && lastWork?.answered',
      'if (last && !last.failed && false && lastWork?.answered',
    ),
  ),
  mutant(
    '7',
    'triage decides twice',
    ['retry'],
    edit('lib/lifecycle/triage.ts', '  if (seen?.failed) return resultOf(input, seen.failed);\n', ''),
  ),
  mutant(
    'ends',
    'triage forgets the usage of a dead attempt',
    ['once'],
    edit('lib/lifecycle/triage.ts', 'usage: larger(reported.usage, committedUsage)', 'usage: reported.usage'),
  ),
  mutant(
    'ends',
    'the state machine does not catch a dead attempt',
    ['answer'],
    edit(
      'infra/run.asl.json',
      '"Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.result", "Next": "Triage" }],',
      '',
    ),
  ),
  mutant(
    'ends',
    'the state machine starts a new attempt as a continuation',
    ['retry'],
    edit('infra/run.asl.json', '"version": 0', '"version.$": "$.attempt"'),
  ),
];
