import type { Usage } from './usage.ts';

/**
 * All failure names: triage may try a `retry` failure again in a new attempt, a `final` failure ends the run, and a `says` failure has the fact
 * `tryAgain`, which decides. Stored items, metrics and the state machine use these names, so a name never changes.
 */
export const failures = {
  ModelUnavailable: 'retry',
  ModelThrottled: 'retry',
  ToolUnavailable: 'retry',
  EmptyReply: 'retry',
  InvalidResult: 'retry',
  SessionConflict: 'retry',
  EffectConflict: 'retry',
  JobConflict: 'retry',
  StoreUnavailable: 'retry',
  LambdaThrottled: 'retry',
  Crash: 'retry',

  InvalidJob: 'final',
  InvalidScript: 'final',
  InvalidEvent: 'final',
  InvalidSlot: 'final',
  UnknownJob: 'final',
  UnknownRun: 'final',
  UnknownModel: 'final',
  UnknownTool: 'final',
  UnknownConnection: 'final',
  InvalidPrompt: 'final',
  Unauthorized: 'final',
  ReplyCut: 'final',
  ReplyRefused: 'final',
  BudgetExhausted: 'final',
  StepLimit: 'final',
  TimeLimit: 'final',
  LoopDetected: 'final',
  RunConflict: 'final',
  ItemTooLarge: 'final',
  DamagedItem: 'final',
  TableMissing: 'final',

  EffectMissing: 'says',
  GaveUp: 'says',

  ExecutionFailed: 'final',
  ExecutionTimedOut: 'final',
  ExecutionAborted: 'final',
  Superseded: 'final',
} as const satisfies Record<string, 'retry' | 'final' | 'says'>;

export type FailureName = keyof typeof failures;

export type FailureFacts = {
  /** The wait that the provider asks for, in seconds. */
  retryAfterSeconds?: number;
  /** What a model call used before it failed. */
  usage?: Usage;
  /** Whether a new attempt may help, for a `says` failure. */
  tryAgain?: boolean;
  cause?: unknown;
};

/** The only error class of this project. `name` is a key of `failures`; code never matches on `message`, which is for people. */
export class Failure extends Error {
  override readonly name: FailureName;
  readonly retryAfterSeconds: number | undefined;
  readonly usage: Usage | undefined;
  readonly tryAgain: boolean | undefined;

  constructor(name: FailureName, message: string, facts: FailureFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = name;
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.usage = facts.usage;
    this.tryAgain = facts.tryAgain;
  }
}

const isFailureName = (name: string): name is FailureName => Object.hasOwn(failures, name);

/** The failure for an error's name. A name outside `failures` (a timeout, out of memory, a bug) becomes Crash. */
export const failureName = (name: string): FailureName => (isFailureName(name) ? name : 'Crash');

/** Converts a thrown value to a Failure. Anything but a Failure becomes a Crash with the value as its cause. */
export const asFailure = (thrown: unknown): Failure => {
  if (thrown instanceof Failure) return thrown;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return new Failure('Crash', `unexpected ${name}`, { cause: thrown });
};
