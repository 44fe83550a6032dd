import { edit, type Mutant, mutant } from './mutant.ts';

/** Guards of what the model is told. */
export const said: Mutant[] = [
  mutant(
    '3',
    'a key without the attempt number, and read by a new attempt',
    ['retry'],
    edit('lib/run/session.ts', '`${runId}/a${attempt}`', '`${runId}/a${Math.min(1, attempt)}`'),
    edit('lib/agent/agent-loop.ts', 'const steps = input.version === 0 ? [] : await', 'const steps = await'),
  ),
  mutant(
    '7',
    'a key without the attempt number',
    ['retry', 'continue'],
    edit('lib/run/session.ts', '`${runId}/a${attempt}`', '`${runId}/a${Math.min(1, attempt)}`'),
  ),
  mutant(
    '3',
    "a new attempt that goes on with the last one's session",
    ['retry'],
    edit(
      'lib/agent/agent-loop.ts',
      'input.version === 0 ? [] : await sessions.load(key)',
      'await sessions.load(input.version > 0 || input.attempt === 1 ? key : sessionKey(run.id, input.attempt - 1))',
    ),
  ),
  mutant('3', 'a note nobody asked for', ['given-up'], edit('lib/agent/prompt.ts', 'job.retry.note && note', 'note')),
  mutant(
    '4',
    'a step split in two writes',
    ['once'],
    edit(
      'lib/io/store/sessions.ts',
      "    await table.put({ key: { pk: pkOf(key), sk: skOf(step.number) }, data: StoredStep.data(data) }, 'SessionConflict');",
      `    const place = { pk: pkOf(key), sk: skOf(step.number) };
    await table.put({ key: place, version: 1, data: { ...data, messages: undefined, turn: [data.messages[0]] } }, 'SessionConflict');
    await table.put({ key: place, version: 2, data: StoredStep.data(data) }, 'SessionConflict');`,
    ),
  ),
  mutant(
    '4',
    'blank text let through by the reply and by the schema',
    ['once'],
    edit('lib/agent/reply.ts', "      if (text.trim() === '') return [];\n", ''),
    edit(
      'lib/run/message.ts',
      "const Text = z.string().regex(/\\S/, 'must not be blank');",
      'const Text = z.string();',
    ),
  ),
  mutant(
    'ends',
    'blank text let through by the reply alone',
    ['once'],
    edit('lib/agent/reply.ts', "      if (text.trim() === '') return [];\n", ''),
  ),
  mutant(
    '4',
    'a call without its result, let through by the turn and by the schema',
    ['parallel'],
    edit('lib/agent/next-step.ts', '  content: calls.map((', '  content: calls.slice(0, 1).map(('),
    edit(
      'lib/run/step.ts',
      "new Set(asked).size === asked.length && asked.join('\\n') === answered.join('\\n')",
      'answered.length > 0',
    ),
  ),
  mutant(
    '8',
    'a session kept in the module',
    ['continue'],
    edit(
      'lib/io/store/sessions.ts',
      'export const dynamoSessions',
      'const cache = new Map<string, Step[]>();\nexport const dynamoSessions',
    ),
    edit(
      'lib/io/store/sessions.ts',
      '  async load(key) {',
      '  async load(key) {\n    const cached = cache.get(key);\n    if (cached) return cached;',
    ),
    edit(
      'lib/io/store/sessions.ts',
      "sk: skOf(step.number) }, data: StoredStep.data(data) }, 'SessionConflict');",
      "sk: skOf(step.number) }, data: StoredStep.data(data) }, 'SessionConflict');\n    cache.set(key, [...(cache.get(key) ?? []), step]);",
    ),
  ),
  mutant(
    '8',
    'a run kept in the module',
    ['refused'],
    edit(
      'lib/run/run.ts',
      'export const existingRun = async (id: string, runs: Runs): Promise<Run> => {\n  const run = await runs.get(id);',
      'const seen = new Map<string, Run>();\nexport const existingRun = async (id: string, runs: Runs): Promise<Run> => {\n  const run = seen.get(id) ?? (await runs.get(id));\n  if (run) seen.set(id, run);',
    ),
  ),
];
