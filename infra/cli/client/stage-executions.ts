import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { Failure } from '../../../lib/failure.ts';
import { isRefusedCredential } from '../../../lib/io/aws/credential.ts';
import { stateMachineExecutions } from '../../../lib/io/aws/executions.ts';
import type { Executions } from '../../../lib/run/execution.ts';

/** Turns an error of the AWS SDK into Unauthorized or StoreUnavailable. */
export const awsFailure = (what: string, cause: unknown): Failure => {
  if (cause instanceof Failure) return cause;
  const why = cause instanceof Error ? cause.name : 'unknown error';
  return new Failure(isRefusedCredential(cause) ? 'Unauthorized' : 'StoreUnavailable', `${what}: ${why}`, { cause });
};

/** The ARN of the state machine of a deployed stage: its dispatch function has it in its environment. */
export const machineOf = async (lambda: LambdaClient, dispatch: string): Promise<string> => {
  const { Environment } = await lambda
    .send(new GetFunctionConfigurationCommand({ FunctionName: dispatch }))
    .catch((cause: unknown) => {
      throw awsFailure(`function ${dispatch}`, cause);
    });
  const arn = Environment?.Variables?.NIGHTSHIFT_STATE_MACHINE_ARN;
  if (arn) return arn;
  throw new Failure(
    'StoreUnavailable',
    `function ${dispatch} names no state machine: deploy the stack (npx osls deploy)`,
  );
};

/** The executions of a state machine, with errors by name. */
export const openExecutions = async (settings: object, machine: string): Promise<Executions & { close(): void }> => {
  const { SFNClient } = await import('@aws-sdk/client-sfn');
  const client = new SFNClient(settings);
  const { start, stop, status } = stateMachineExecutions(client, machine);
  const named =
    <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> =>
      work(...args).catch((cause: unknown) => {
        throw awsFailure(`state machine ${machine}`, cause);
      });
  return { start: named(start), stop: named(stop), status: named(status), close: () => client.destroy() };
};
