import { always, ends, job, type Play, pay, say, type Turn } from './play.ts';

const trouble: Turn = { fails: 'InvalidPrompt' };
const once = { retry: { attempts: 1 } };
/** A breaker that opens after one failure and admits a probe a minute later. */
const brittle = { breaker: { failures: 1, firstDelaySeconds: 60 } };
/** Delivers the second slot while the first run works. */
const nextDuring = { deliver: 1, when: { claimed: 0 } } as const;

/** Jobs with several slots, whose policy makes their runs depend on each other. */
export const severalSlotPlays: Play[] = [
  {
    name: 'skip',
    job: job({ overlap: 'skip' }, 2),
    turns: always(pay, say),
    ends: ends(1),
    usual: ['succeeded', 'overlap'],
    cues: [nextDuring],
    watched: true,
  },
  {
    name: 'queue',
    job: job({ overlap: 'queue-one' }, 3),
    turns: always(pay, say),
    ends: ends(1),
    usual: ['succeeded', 'succeeded', 'overlap'],
    cues: [nextDuring, { deliver: 2, when: { claimed: 0 } }],
  },
  {
    name: 'cancel',
    job: job({ overlap: 'cancel-previous' }, 2),
    // The first run has enough turns to be at work still when the second run replaces it.
    turns: (_, slot) => (slot === 0 ? [pay, { calls: [['pay', 'b']] }, say] : [pay, say]),
    ends: ends(1),
    usual: ['Superseded', 'succeeded'],
    cues: [nextDuring],
  },
  {
    name: 'cancel-queued',
    job: job({ overlap: 'cancel-previous' }, 3),
    turns: always(say),
    ends: ends(1),
    usual: ['succeeded', 'overlap', 'succeeded'],
    cues: [
      { deliver: 1, when: { placed: 0 } },
      { deliver: 2, when: { placed: 1 } },
    ],
  },
  {
    name: 'cancel-older',
    job: job({ overlap: 'cancel-previous' }, 2),
    turns: always(pay, say),
    ends: ends(1),
    usual: ['overlap', 'succeeded'],
    first: 1,
    cues: [{ deliver: 0, when: { claimed: 1 } }],
  },
  {
    name: 'side-by-side',
    job: job({ overlap: 'allow' }, 2),
    turns: always(pay, say),
    ends: ends(1),
    usual: ['succeeded', 'succeeded'],
    cues: [nextDuring],
  },
  {
    name: 'breaker',
    job: job({ ...once, ...brittle }, 4),
    turns: (_, slot) => (slot === 0 ? [trouble] : [say]),
    ends: (slot) => ({ how: slot === 0 ? 'InvalidPrompt' : 'succeeded', attempts: 1 }),
    usual: ['InvalidPrompt', 'breaker', 'succeeded', 'breaker'],
    cues: [
      { deliver: 1, when: { over: 0 } },
      { deliver: 2, when: { over: 1 } },
      { deliver: 3, when: { claimed: 2 } },
    ],
  },
  {
    name: 'queue-breaker',
    job: job({ ...once, ...brittle, overlap: 'queue-one' }, 2),
    turns: (_, slot) => (slot === 0 ? [trouble] : [say]),
    ends: (slot) => ({ how: slot === 0 ? 'InvalidPrompt' : 'succeeded', attempts: 1 }),
    usual: ['InvalidPrompt', 'breaker'],
    cues: [nextDuring],
  },
  {
    name: 'budget',
    job: job({ limits: { perDay: { runs: 1 } } }, 2),
    turns: always(say),
    ends: ends(1),
    usual: ['succeeded', 'budget'],
    cues: [nextDuring],
  },
  {
    name: 'queue-budget',
    job: job({ overlap: 'queue-one', limits: { perDay: { usd: 0.001 } } }, 2),
    turns: always(say),
    ends: ends(1),
    usual: ['succeeded', 'budget'],
    cues: [nextDuring],
  },
  {
    name: 'pause',
    job: job({ overlap: 'queue-one' }, 3),
    turns: always(say),
    ends: ends(1),
    usual: ['succeeded', 'paused', 'succeeded'],
    cues: [
      nextDuring,
      { does: 'pause', when: { claimed: 0 } },
      { does: 'resume', when: { over: 1 } },
      { deliver: 2, when: 'rest' },
    ],
  },
  {
    name: 'stuck',
    job: job({ ...once, overlap: 'skip' }, 2),
    turns: always(pay, say),
    ends: ends(1),
    usual: ['ExecutionTimedOut', 'succeeded'],
    cues: [
      { does: 'die', when: { claimed: 0 } },
      { does: 'hours', when: 'rest' },
      { deliver: 1, when: 'rest' },
    ],
  },
  {
    name: 'dead',
    job: job(once),
    turns: always(pay, say),
    ends: ends(1),
    usual: ['ExecutionTimedOut'],
    cues: [{ does: 'die', when: { claimed: 0 } }],
  },
  {
    name: 'lost',
    job: job({ overlap: 'skip' }, 3),
    turns: always(say),
    ends: ends(1),
    usual: ['succeeded', 'caught-up', 'succeeded'],
    cues: [
      { lose: 1, when: { over: 0 } },
      { lose: 2, when: 'rest' },
    ],
  },
  {
    name: 'spread',
    job: job({ overlap: 'skip', spreadSeconds: 90 }),
    turns: always(say),
    ends: ends(1),
    usual: ['succeeded'],
    watched: true,
  },
];
