/**
 * Every way to fail, by name, and what it means for the run: `retry` in a new attempt, or `final`.
 * The names travel (return values, run items, metrics, the state machine), so they are literals and never renamed.
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
  Crash: 'retry',

  InvalidJob: 'final',
  InvalidScript: 'final',
  InvalidEvent: 'final',
  InvalidSlot: 'final',
  UnknownJob: 'final',
  UnknownRun: 'final',
  UnknownModel: 'final',
  UnknownTool: 'final',
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

  ExecutionFailed: 'final',
  ExecutionTimedOut: 'final',
  ExecutionAborted: 'final',
  Superseded: 'final',
} as const satisfies Record<string, 'retry' | 'final'>;

export type FailureName = keyof typeof failures;

/** What a failure may add to its name and message. */
export type FailureFacts = {
  /** The provider's own Retry-After, in seconds. */
  retryAfterSeconds?: number;
  cause?: unknown;
};

/** The one error class: a name from the table above and a message for people, which nothing ever matches on. */
export class Failure extends Error {
  override readonly name: FailureName;
  readonly retryAfterSeconds: number | undefined;

  constructor(name: FailureName, message: string, facts: FailureFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = name;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

const isFailureName = (name: string): name is FailureName => Object.hasOwn(failures, name);

/** The failure an error's name stands for. A name outside the table (a timeout, out of memory, a bug) is a Crash. */
export const failureName = (name: string): FailureName => (isFailureName(name) ? name : 'Crash');

/** Turns whatever was thrown into a Failure. What is not one already becomes a Crash, with its cause. */
export const asFailure = (thrown: unknown): Failure => {
  if (thrown instanceof Failure) return thrown;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return new Failure('Crash', `unexpected ${name}`, { cause: thrown });
};
