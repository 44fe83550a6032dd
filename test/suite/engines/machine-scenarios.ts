import { readFileSync } from 'node:fs';
import type { FailureName } from '../../../lib/failure.ts';
import type { Reply } from '../../kit/wire/anthropic-reply.ts';
import type { Fault } from './machine-stage.ts';

export type StageName = 'attempt' | 'triage' | 'settle';

/** As much of infra/run.asl.json as a scenario may change in the copy it runs on. */
export type Asl = {
  TimeoutSeconds: number;
  States: {
    Attempt: { TimeoutSeconds: number; Retry: [Retrier, Retrier] };
    Triage: { Retry: [Retrier, Retrier] };
  };
};
type Retrier = { ErrorEquals: string[]; IntervalSeconds: number; MaxAttempts: number };

/** The events of one run, and the result that every engine must have. */
export type Scenario = {
  /** The job's name too. */
  name: string;
  sentence: string;
  /** Fields of the job beside or in place of its own. */
  job?: Record<string, unknown>;
  /** What the model answers, call by call. `held`: nothing, until the run is over. */
  replies: (Reply | 'held')[];
  /** What goes wrong in the first, the second … invocation of a stage for this run. */
  faults?: Partial<Record<StageName, (Fault | undefined)[]>>;
  /** The execution is stopped while the model holds its answer. */
  aborted?: true;
  /** What differs from the real definition in this run. `called` is how the engine calls an error that AWS calls so. */
  change?(asl: Asl, called: (name: string) => string): void;
  /** Names of the states entered after Spread, in order. */
  states: string[];
  /** The invocations the state machine makes, in order. */
  invoked: StageName[];
  /** What the first attempt died of, as AWS calls it. */
  diedOf?: string;
  /** How long the execution stays in Backoff at the least, in seconds. */
  waits?: number;
  /** How the execution ends, and with which error where no settlement gave it its own. */
  ends: 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT';
  error?: string;
  outcome: {
    status: 'succeeded' | 'failed';
    attempts: number;
    steps?: number;
    usage?: { inputTokens: number };
    failure?: FailureName;
  };
};

export const runAsl = readFileSync('infra/run.asl.json', 'utf8');

/** What each of the model's turns costs. */
const turnTokens = 100;
const usage = { input_tokens: turnTokens };
const looked = (days: number): Reply => ({ usage, calls: [{ name: 'list_runs', input: { job: 'nobody', days } }] });
const look = looked(1);
const done: Reply = { usage, text: 'Done.' };

const succeeds = ['Settle', 'Settled', 'Succeeded'];
const fails = ['Settle', 'Settled', 'Failed'];
const again = ['Triage', 'Triaged', 'Backoff', 'Again'];
const givesUp = ['Triage', 'Triaged', ...fails];
const attempted = ['Attempt', 'Attempted'];
const goesOn = [...attempted, 'Continue'];

/** `turns`: the model's, in all attempts. */
const succeeded = (attempts: number, steps: number, turns = steps) => {
  const outcome = { status: 'succeeded', attempts, steps, usage: { inputTokens: turns * turnTokens } } as const;
  return { ends: 'SUCCEEDED', outcome } as const;
};
const failed = (failure: FailureName, attempts: number) =>
  ({ ends: 'FAILED', outcome: { status: 'failed', failure, attempts } }) as const;

/** How long a hanging task, or a whole execution, may take in the copies whose time runs out, in seconds. A process must start and work in it. */
export const shortSeconds = 20;

/** Played in this order, a few at a time. Scenarios with timeouts come once processes are warm. */
export const scenarios: Scenario[] = [
  {
    name: 'straight',
    sentence: 'an attempt that is done is settled',
    replies: [look, done],
    states: [...attempted, ...succeeds],
    invoked: ['attempt', 'settle'],
    ...succeeded(1, 2),
  },
  {
    name: 'retried',
    sentence: 'an attempt that failed is followed by another',
    replies: [look, { error: 529 }, look, done],
    states: [...attempted, ...again, ...attempted, ...succeeds],
    invoked: ['attempt', 'triage', 'attempt', 'settle'],
    ...succeeded(2, 2, 3),
  },
  {
    name: 'refused',
    sentence: 'a final failure is not tried again, and fails the execution by its name',
    replies: [{ error: 401 }],
    states: [...attempted, ...givesUp],
    invoked: ['attempt', 'triage', 'settle'],
    ...failed('Unauthorized', 1),
  },
  {
    name: 'exhausted',
    sentence: 'the last attempt of a job is the last',
    job: { retry: { attempts: 2, firstDelaySeconds: 0.1 } },
    replies: [{ error: 529 }, { error: 529 }],
    states: [...attempted, ...again, ...attempted, ...givesUp],
    invoked: ['attempt', 'triage', 'attempt', 'triage', 'settle'],
    ...failed('ModelUnavailable', 2),
  },
  {
    name: 'crashed',
    sentence: 'an attempt whose process dies is closed by triage and followed by another',
    replies: [look, look, done],
    faults: { attempt: [{ diesAtCall: 2 }] },
    states: ['Attempt', ...again, ...attempted, ...succeeds],
    diedOf: 'Runtime.ExitError',
    invoked: ['attempt', 'triage', 'attempt', 'settle'],
    ...succeeded(2, 2, 3),
  },
  {
    name: 'hung',
    sentence: 'a task that takes too long is a crash, and nothing it does later changes the run',
    replies: ['held', done, done],
    change: ({ States }) => {
      States.Attempt.TimeoutSeconds = shortSeconds;
    },
    states: ['Attempt', ...again, ...attempted, ...succeeds],
    diedOf: 'States.Timeout',
    invoked: ['attempt', 'triage', 'attempt', 'settle'],
    ...succeeded(2, 1),
  },
  {
    name: 'overtime',
    sentence: 'an execution that takes too long has its run settled from outside',
    replies: ['held', done],
    change: (asl) => {
      asl.TimeoutSeconds = shortSeconds;
    },
    states: ['Attempt'],
    invoked: ['attempt'],
    ends: 'TIMED_OUT',
    outcome: { status: 'failed', failure: 'ExecutionTimedOut', attempts: 1 },
  },
  {
    name: 'thrown',
    sentence: 'an attempt that throws is a crash',
    replies: [done],
    faults: { attempt: [{ throws: 'OutOfLuck' }] },
    states: ['Attempt', ...again, ...attempted, ...succeeds],
    diedOf: 'OutOfLuck',
    invoked: ['attempt', 'triage', 'attempt', 'settle'],
    ...succeeded(2, 1),
  },
  {
    name: 'unheard',
    sentence: 'an attempt that dies after its answer was committed is done, once triage has looked',
    replies: [look, done],
    faults: { attempt: [{ diesUnheard: true }] },
    states: ['Attempt', 'Triage', 'Triaged', ...succeeds],
    invoked: ['attempt', 'triage', 'settle'],
    ...succeeded(1, 2),
  },
  {
    name: 'continued',
    sentence: 'an attempt that is out of time three times goes on three times and is done',
    replies: [looked(1), looked(2), looked(3), done],
    faults: { attempt: [{ callsInTime: 1 }, { callsInTime: 1 }, { callsInTime: 1 }] },
    states: [...goesOn, ...goesOn, ...goesOn, ...attempted, ...succeeds],
    invoked: ['attempt', 'attempt', 'attempt', 'attempt', 'settle'],
    ...succeeded(1, 4),
  },
  {
    name: 'untriaged',
    sentence: 'triage that fails, and that dies after it has decided, is asked again and decides once',
    replies: [{ error: 529 }, done],
    faults: { triage: [{ throws: 'StoreUnavailable' }, { diesUnheard: true }] },
    states: [...attempted, ...again, ...attempted, ...succeeds],
    invoked: ['attempt', 'triage', 'triage', 'triage', 'attempt', 'settle'],
    ...succeeded(2, 1),
  },
  {
    name: 'unsettled',
    sentence: 'settle that fails, and that dies after it has recorded, is asked again and records once',
    replies: [done],
    faults: { settle: [{ throws: 'StoreUnavailable' }, { diesUnheard: true }] },
    states: [...attempted, ...succeeds],
    invoked: ['attempt', 'settle', 'settle', 'settle'],
    ...succeeded(1, 1),
  },
  {
    name: 'throttled',
    sentence: 'a throttled function is called again by the state itself, as the same attempt',
    replies: [done],
    faults: { attempt: [{ throws: 'Lambda.TooManyRequestsException' }, { throws: 'Lambda.ServiceException' }] },
    change: ({ States }, called) => {
      for (const retrier of States.Attempt.Retry) retrier.ErrorEquals = [...new Set(retrier.ErrorEquals.map(called))];
    },
    states: [...attempted, ...succeeds],
    invoked: ['attempt', 'attempt', 'attempt', 'settle'],
    ...succeeded(1, 1),
  },
  {
    name: 'delayed',
    sentence: 'the next attempt waits in Backoff for as long as triage said',
    replies: [{ error: 429, retryAfterSeconds: 2 }, done],
    states: [...attempted, ...again, ...attempted, ...succeeds],
    waits: 2,
    invoked: ['attempt', 'triage', 'attempt', 'settle'],
    ...succeeded(2, 1),
  },
  {
    name: 'aborted',
    sentence: 'a stopped execution goes no further, and its run is settled from outside',
    replies: [look, 'held', done],
    aborted: true,
    states: ['Attempt'],
    invoked: ['attempt'],
    ends: 'ABORTED',
    outcome: { status: 'failed', failure: 'ExecutionAborted', attempts: 1 },
  },
  {
    name: 'undecided',
    sentence: 'an execution that fails because triage cannot be had has its run settled from outside',
    replies: [{ error: 529 }],
    faults: { triage: [{ throws: 'OutOfLuck' }, { throws: 'OutOfLuck' }] },
    change: ({ States }) => {
      Object.assign(States.Triage.Retry[1], { IntervalSeconds: 1, MaxAttempts: 1 });
    },
    states: [...attempted, 'Triage'],
    error: 'OutOfLuck',
    invoked: ['attempt', 'triage', 'triage'],
    ...failed('ExecutionFailed', 1),
  },
];
