import type { FailureName } from '../../lib/failure.ts';

/** A turn of the simulated model: words, calls `[tool, to]`, or the failure its provider stands for. */
export type Turn = { says: string } | { calls: [tool: string, to: string][] } | { fails: FailureName };

/** A job, how its model behaves, and how its run ends when nothing goes wrong. */
export type Play = {
  name: string;
  job: Record<string, unknown>;
  /** The turns of an attempt, by how many the session has. */
  turns(attempt: number): Turn[];
  /** How many model calls an invocation has time for. */
  callsPerInvocation?: number;
  /** How the run ends by itself: its outcome's status or failure, and after how many attempts. */
  ends: { how: 'succeeded' | 'skipped' | FailureName; attempts: number };
};

const job = (fields: Record<string, unknown> = {}) => ({
  schedule: { rate: '1 minute' },
  model: 'scripted/explorer',
  prompt: 'Go.',
  tools: ['look', 'pay'],
  ...fields,
});
const say: Turn = { says: 'Done.' };
const look: Turn = { calls: [['look', 'a']] };
const ends = (attempts: number, how: Play['ends']['how'] = 'succeeded') => ({ how, attempts });
const always =
  (...turns: Turn[]) =>
  () =>
    turns;

const typed = {
  type: 'object',
  required: ['sum', 'mark'],
  properties: { sum: { type: 'number' }, mark: { type: 'string' } },
};

/** The jobs that are explored: small, each with something of its own to go wrong. */
export const plays: Play[] = [
  { name: 'answer', job: job(), turns: always(say), ends: ends(1) },
  { name: 'once', job: job(), turns: always({ calls: [['pay', 'a']] }, say), ends: ends(1) },
  {
    name: 'retry',
    job: job({ retry: { note: true } }),
    turns: (attempt) => (attempt === 1 ? [look, { fails: 'ModelUnavailable' }] : [look, say]),
    ends: ends(2),
  },
  {
    name: 'continue',
    job: job(),
    callsPerInvocation: 1,
    turns: always(look, { calls: [['pay', 'b']] }, say),
    ends: ends(1),
  },
  {
    name: 'repeat',
    job: job(),
    turns: always(
      {
        calls: [
          ['pay', 'a'],
          ['pay', 'a'],
        ],
      },
      { calls: [['pay', 'a']] },
      say,
    ),
    ends: ends(1),
  },
  {
    name: 'typed',
    job: job({ result: typed }),
    turns: always({ says: 'About seven.' }, { says: '{"sum":7,"mark":"MARK"}' }),
    ends: ends(1),
  },
  {
    name: 'parallel',
    job: job(),
    turns: always(
      {
        calls: [
          ['look', 'a'],
          ['pay', 'b'],
        ],
      },
      say,
    ),
    ends: ends(1),
  },
  {
    name: 'half',
    job: job({ retry: { attempts: 6 } }),
    turns: always(
      {
        calls: [
          ['look', 'nowhere'],
          ['pay', 'b'],
        ],
      },
      { calls: [['pay', 'nowhere']] },
      say,
    ),
    ends: ends(1),
  },
  { name: 'refused', job: job(), turns: always({ fails: 'InvalidPrompt' }), ends: ends(1, 'InvalidPrompt') },
  {
    name: 'spent',
    job: job({ limits: { tokens: 150 } }),
    turns: always(look, look, say),
    ends: ends(1, 'BudgetExhausted'),
  },
  {
    name: 'given-up',
    job: job({ retry: { attempts: 2 } }),
    turns: always(look, { fails: 'ModelUnavailable' }),
    ends: ends(2, 'ModelUnavailable'),
  },
  { name: 'single', job: job({ retry: { attempts: 1 } }), turns: always(say), ends: ends(1) },
  { name: 'disabled', job: job({ enabled: false }), turns: always(say), ends: ends(0, 'skipped') },
];
