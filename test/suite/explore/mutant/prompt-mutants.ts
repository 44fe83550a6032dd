import { edit, type Mutant, mutant } from './mutant.ts';

/** Mutants of sessions and prompts. */
export const promptMutants: Mutant[] = [
  mutant(
    '3',
    'the session key lacks the attempt and a new attempt loads it',
    ['retry'],
    edit('lib/run/session.ts', '`${runId}/a${attempt}`', '`${runId}/a${Math.min(1, attempt)}`'),
    edit('lib/agent/agent-loop.ts', 'const steps = input.version === 0 ? [] : await', 'const steps = await'),
  ),
  mutant(
    '7',
    'the session key lacks the attempt',
    ['retry', 'continue'],
    edit('lib/run/session.ts', '`${runId}/a${attempt}`', '`${runId}/a${Math.min(1, attempt)}`'),
  ),
  mutant(
    '3',
    "a new attempt loads the last attempt's session",
    ['retry'],
    edit(
      'lib/agent/agent-loop.ts',
      'input.version === 0 ? [] : await sessions.load(key)',
      'await sessions.load(input.version > 0 || input.attempt === 1 ? key : sessionKey(run.id, input.attempt - 1))',
    ),
  ),
  mutant(
    '3',
    'the note is sent for every job',
    ['given-up'],
    edit('lib/agent/prompt.ts', 'job.retry.note && note', 'note'),
  ),
  mutant(
    '4',
    'a step is committed in two writes',
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
    'neither the reply nor the schema refuses blank text',
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
    'the reply does not refuse blank text',
    ['once'],
    edit('lib/agent/reply.ts', "      if (text.trim() === '') return [];\n", ''),
  ),
  mutant(
    '4',
    'neither the step nor its schema refuses a call without a result',
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
    'the module caches sessions',
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
    'the module caches runs',
    ['refused'],
    edit(
      'lib/run/run.ts',
      'export const existingRun = async (id: string, runs: Runs): Promise<Run> => {\n  const run = await runs.get(id);',
      'const seen = new Map<string, Run>();\nexport const existingRun = async (id: string, runs: Runs): Promise<Run> => {\n  const run = seen.get(id) ?? (await runs.get(id));\n  if (run) seen.set(id, run);',
    ),
  ),
];
