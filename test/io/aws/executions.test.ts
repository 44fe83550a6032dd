import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from 'vitest';
import { stateMachineExecutions } from '../../../lib/io/aws/executions.ts';
import { executionInput } from '../../../lib/run/execution.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { closing } from '../../kit/open-model.ts';
import { runOf } from '../../kit/stored.ts';
import { type AwsReply, awsEndpoint, awsError } from '../../kit/wire/aws-endpoint.ts';

const { on, all } = closing();
afterEach(all);

const stateMachineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:nightshift-test';
const run = runOf('night');
const executionArn = `arn:aws:states:eu-west-1:123456789012:execution:nightshift-test:${run.id}`;
const input = executionInput(run);

/** The executions of a Step Functions endpoint that answers every request like this. */
const answering = async (reply: AwsReply) => {
  const { asked, client } = on(await awsEndpoint(() => reply));
  return { asked, executions: stateMachineExecutions(new SFNClient(client), stateMachineArn) };
};

describe('starting an execution', () => {
  it('names it by the run, so that Step Functions refuses a second one', async () => {
    const { asked, executions } = await answering({ body: { executionArn, startDate: 1_795_330_800 } });
    expect(await executions.start(run.id, input)).toBe('started');
    const body = { stateMachineArn, name: run.id, input: JSON.stringify(input) };
    expect(asked).toEqual([{ operation: 'AWSStepFunctions.StartExecution', body }]);
  });

  it('says that it exists where an execution of this name has ended', async () => {
    const { executions } = await answering(awsError('ExecutionAlreadyExists'));
    expect(await executions.start(run.id, input)).toBe('exists');
  });
});

describe('stopping an execution', () => {
  it('ends it with the name of the error', async () => {
    const { asked, executions } = await answering({ body: { stopDate: 1_795_330_800 } });
    await executions.stop(run.id, 'Superseded');
    expect(asked).toEqual([
      { operation: 'AWSStepFunctions.StopExecution', body: { executionArn, error: 'Superseded' } },
    ]);
  });

  it('does nothing where there is none', async () => {
    const { executions } = await answering(awsError('ExecutionDoesNotExist'));
    expect(await executions.stop(run.id, 'Superseded')).toBeUndefined();
  });
});

describe('the status of an execution', () => {
  it.each(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'])('is %s as Step Functions reports it', async (status) => {
    const { asked, executions } = await answering({ body: { status } });
    expect(await executions.status(run.id)).toBe(status);
    expect(asked).toEqual([{ operation: 'AWSStepFunctions.DescribeExecution', body: { executionArn } }]);
  });

  it.each(['RUNNING', 'PENDING_REDRIVE', 'A_LATER_STATUS'])('is running for %s, which is no end', async (status) => {
    const { executions } = await answering({ body: { status } });
    expect(await executions.status(run.id)).toBe('running');
  });

  it('is none where there is no execution', async () => {
    const { executions } = await answering(awsError('ExecutionDoesNotExist'));
    expect(await executions.status(run.id)).toBe('none');
  });
});

type Executions = ReturnType<typeof stateMachineExecutions>;
const requests: [name: string, send: (executions: Executions) => Promise<unknown>, passes: string][] = [
  ['start', ({ start }) => start(run.id, input), 'ExecutionDoesNotExist'],
  ['stop', ({ stop }) => stop(run.id, 'Superseded'), 'ExecutionAlreadyExists'],
  ['status', ({ status }) => status(run.id), 'ExecutionAlreadyExists'],
];

describe.each(requests)('%s', (_, send, other) => {
  it('is Unauthorized if AWS refuses the credentials, and names the state machine', async () => {
    const { executions } = await answering(awsError('AccessDeniedException'));
    const failure = await failureOf(send(executions));
    expect(failure).toMatchObject({ name: 'Unauthorized', message: expect.stringContaining(stateMachineArn) });
  });

  it.each(['StateMachineDoesNotExist', 'ThrottlingException', other])(
    'throws the error of the SDK for %s',
    async (name) => {
      const { executions } = await answering(awsError(name));
      await expect(send(executions)).rejects.toMatchObject({ name });
    },
  );
});
