import { always, ends, job, look, type Play, pay, say, type Turn } from './play.ts';

const typed = {
  type: 'object',
  required: ['sum', 'mark'],
  properties: { sum: { type: 'number' }, mark: { type: 'string' } },
};

/** Small jobs with one slot. Each can fail in a way of its own. */
export const singleSlotPlays: Play[] = [
  { name: 'answer', job: job(), turns: always(say), ends: ends(1), usual: ['succeeded'] },
  { name: 'once', job: job(), turns: always(pay, say), ends: ends(1), usual: ['succeeded'] },
  {
    name: 'retry',
    job: job({ retry: { note: true } }),
    turns: (attempt) => (attempt === 1 ? [look, { fails: 'ModelUnavailable' }] : [look, say]),
    ends: ends(2),
    usual: ['succeeded'],
  },
  {
    name: 'continue',
    job: job(),
    callsPerInvocation: 1,
    turns: always(look, { calls: [['pay', 'b']] }, say),
    ends: ends(1),
    usual: ['succeeded'],
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
    usual: ['succeeded'],
  },
  {
    name: 'typed',
    job: job({ result: typed }),
    turns: always({ says: 'About seven.' }, { says: '{"sum":7,"mark":"MARK"}' }),
    ends: ends(1),
    usual: ['succeeded'],
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
    usual: ['succeeded'],
  },
  {
    name: 'half',
    job: job({ retry: { attempts: 6 }, effects: 'lenient' }),
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
    usual: ['succeeded'],
  },
  {
    name: 'refused',
    job: job(),
    turns: always({ fails: 'InvalidPrompt' }),
    ends: ends(1, 'InvalidPrompt'),
    usual: ['InvalidPrompt'],
  },
  {
    name: 'spent',
    job: job({ limits: { tokens: 150 } }),
    turns: always(look, look, say),
    ends: ends(1, 'BudgetExhausted'),
    usual: ['BudgetExhausted'],
  },
  {
    name: 'given-up',
    job: job({ retry: { attempts: 2 } }),
    turns: always(look, { fails: 'ModelUnavailable' }),
    ends: ends(2, 'ModelUnavailable'),
    usual: ['ModelUnavailable'],
  },
  { name: 'single', job: job({ retry: { attempts: 1 } }), turns: always(say), ends: ends(1), usual: ['succeeded'] },
  { name: 'disabled', job: job({ enabled: false }), turns: always(say), ends: ends(1), usual: ['disabled'] },
  {
    name: 'denied',
    job: job({ retry: { attempts: 2 } }),
    turns: always({ calls: [['pay', 'b']] }, { calls: [['pay', 'b-denied']] }, { calls: [['pay', 'c']] }, say),
    ends: ends(2, 'EffectMissing'),
    usual: ['EffectMissing'],
  },
  {
    name: 'doubtful',
    job: job(),
    callsPerInvocation: 1,
    turns: always({ calls: [['pay', 'broken']] }, say),
    ends: ends(1, 'EffectMissing'),
    usual: ['EffectMissing'],
  },
  {
    name: 'made-good',
    job: job({ retry: { attempts: 6 } }),
    turns: (attempt) => [
      {
        calls: [
          ['pay', 'denied'],
          ['pay', 'a-1'],
        ],
      },
      ...(attempt === 1 ? [] : [{ calls: [['pay', 'denied-2']] } satisfies Turn]),
      say,
    ],
    ends: ends(2),
    usual: ['succeeded'],
  },
  {
    name: 'reworded',
    job: job({ limits: { effects: { pay: 1 } } }),
    turns: (attempt) =>
      attempt === 1
        ? [{ calls: [['pay', 'a-1']] }, { fails: 'ModelUnavailable' }]
        : [{ calls: [['pay', `a-${attempt}`]] }, say],
    ends: ends(2),
    usual: ['succeeded'],
  },
  {
    name: 'needed',
    job: job({ needs: ['pay'] }),
    turns: (attempt) => (attempt === 1 ? [look, say] : [pay, say]),
    ends: ends(2),
    usual: ['succeeded'],
  },
  {
    name: 'gives-up',
    job: job(),
    turns: (attempt) => [look, { givesUp: attempt === 1 ? 'for now' : 'for good' }],
    ends: ends(2, 'GaveUp'),
    usual: ['GaveUp'],
  },
];
