import { describe, expect, test } from 'vitest';
import { ExecutionEndEvent } from '../../../lib/io/aws/execution-end.ts';
import { firstInput } from '../../../lib/run/execution.ts';
import { usage } from '../../kit/agent.ts';

const run = 'report_20261122T070000Z';
const statusChange = (detail: object) => ({
  version: '0',
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  detail: { name: run, executionArn: 'arn', input: '{}', ...detail },
});

describe('an execution-end event', () => {
  test('is read from the state data of the Settle state', () => {
    const ended = { ...firstInput(run), result: { status: 'done', steps: 2, usage } };
    expect(ExecutionEndEvent.parse(ended)).toEqual({ ended });
  });

  test.each(['FAILED', 'TIMED_OUT', 'ABORTED'])(
    'is read from EventBridge’s event of an execution that ended as %s',
    (status) => {
      expect(ExecutionEndEvent.parse(statusChange({ status }))).toEqual({ died: { runId: run, status } });
    },
  );

  test('carries the name of the error that stopped the execution', () => {
    const stopped = { status: 'ABORTED', error: 'Superseded' };
    expect(ExecutionEndEvent.parse(statusChange(stopped))).toEqual({ died: { runId: run, ...stopped } });
    expect(ExecutionEndEvent.parse(statusChange({ status: 'FAILED', error: null }))).toEqual({
      died: { runId: run, status: 'FAILED', error: null },
    });
  });

  test.each([[{}], [{ ...firstInput('x') }], [{ source: 'aws.s3' }], [statusChange({ status: 'SUCCEEDED' })]])(
    'is refused in any other form: %j',
    (event) => {
      expect(ExecutionEndEvent.safeParse(event).success).toBe(false);
    },
  );
});
