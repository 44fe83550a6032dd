import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asFailure, Failure, type FailureName, failureName, failures } from '../lib/failure.ts';

/** The names that runs, metrics and state machines of earlier versions hold, written here a second time on purpose. */
const stored = [
  ...['ModelUnavailable', 'ModelThrottled', 'ToolUnavailable', 'EmptyReply', 'InvalidResult', 'SessionConflict'],
  ...['EffectConflict', 'JobConflict', 'StoreUnavailable', 'Crash', 'InvalidJob', 'InvalidScript', 'InvalidEvent'],
  ...['InvalidSlot', 'UnknownJob', 'UnknownRun', 'UnknownModel', 'UnknownTool', 'InvalidPrompt', 'Unauthorized'],
  ...['ReplyCut', 'ReplyRefused', 'BudgetExhausted', 'StepLimit', 'TimeLimit', 'LoopDetected', 'RunConflict'],
  ...['ItemTooLarge', 'DamagedItem', 'TableMissing', 'ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'],
  'Superseded',
];

describe('the table of failures', () => {
  it('keeps every name that a stored run may contain', () => {
    expect(Object.keys(failures)).toEqual(expect.arrayContaining(stored));
  });
});

describe('the failure for an error name', () => {
  it('has the same name when the table has it, and Crash otherwise', () => {
    const anyName = fc.oneof(
      fc.string(),
      fc.constantFrom(...stored, 'Sandbox.Timedout', 'constructor', '__proto__', 'toString', ''),
    );
    fc.assert(
      fc.property(anyName, (name) => {
        expect(failureName(name)).toBe(Object.keys(failures).includes(name) ? name : 'Crash');
      }),
    );
  });
});

describe('a thrown value, as a failure,', () => {
  it('is returned unchanged when it is a Failure', () => {
    const failure = new Failure('ModelThrottled', 'slow down', { retryAfterSeconds: 7 });
    expect(asFailure(failure)).toBe(failure);
    expect(failure).toMatchObject({ name: 'ModelThrottled', message: 'slow down', retryAfterSeconds: 7 });
  });

  it('becomes a Crash that keeps the error as cause and omits its message', () => {
    const thrown = new TypeError('the prompt was: Pay Ann');
    const crash = asFailure(thrown);
    expect(crash).toBeInstanceOf(Failure);
    expect(crash).toMatchObject({ name: 'Crash', message: 'unexpected TypeError', cause: thrown });
  });

  it('becomes a Crash when it is not an Error', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(asFailure(thrown)).toMatchObject({
          name: 'Crash' satisfies FailureName,
          message: `unexpected ${typeof thrown}`,
        });
      }),
    );
  });
});

describe('a failure without a cause', () => {
  it('has no `cause` field', () => {
    expect(Object.hasOwn(new Failure('Crash', 'died'), 'cause')).toBe(false);
    expect(new Failure('Crash', 'died', { cause: null }).cause).toBeNull();
  });
});
