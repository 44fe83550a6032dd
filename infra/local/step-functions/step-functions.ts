import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { arnName, executionArn, machineArn } from '../arn.ts';
import { errorReply, type HttpReply, jsonReply } from '../aws-protocol.ts';
import type { Executions } from './executions.ts';
import type { Execution } from './journal.ts';

const Start = z.object({ stateMachineArn: z.string(), name: z.string().optional(), input: z.string().default('{}') });
const Describe = z.object({ executionArn: z.string() });
const Stop = z.object({ executionArn: z.string(), error: z.string().optional(), cause: z.string().optional() });

/** AWS allows more characters than these, but not in names that are to be logged; a name is a file name here. */
const validName = /^[0-9A-Za-z_-]{1,80}$/;

const refuse = (name: string, message: string): HttpReply => errorReply(400, name, message);

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Dates go over the wire as epoch seconds. */
const description = (execution: Execution) => ({
  executionArn: executionArn(execution.name),
  stateMachineArn: machineArn,
  name: execution.name,
  status: execution.status,
  startDate: execution.startedAt / 1000,
  ...(execution.stoppedAt !== undefined && { stopDate: execution.stoppedAt / 1000 }),
  input: execution.input,
  inputDetails: { included: true },
  ...(execution.output !== undefined && { output: execution.output, outputDetails: { included: true } }),
  ...(execution.error !== undefined && { error: execution.error }),
  ...(execution.cause !== undefined && { cause: execution.cause }),
  redriveCount: 0,
});

const missing = (arn: string): HttpReply => refuse('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
const find = (executions: Executions, arn: string): Execution | undefined => {
  const name = arnName(arn);
  return arn === executionArn(name) && validName.test(name) ? executions.find(name) : undefined;
};

const actions: Record<string, (executions: Executions, body: unknown) => HttpReply> = {
  StartExecution(executions, body) {
    const { stateMachineArn, name = randomUUID(), input } = Start.parse(body);
    if (stateMachineArn !== machineArn)
      return refuse('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    if (!validName.test(name)) return refuse('InvalidName', `Invalid Name: '${name}'`);
    if (!isJson(input)) return refuse('InvalidExecutionInput', 'Invalid State Machine Execution Input: it is not JSON');
    const { execution, created } = executions.start(name, input);
    const same = execution.status === 'RUNNING' && execution.input === input;
    if (!created && !same) return refuse('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn(name)}'`);
    return jsonReply(200, { executionArn: executionArn(name), startDate: execution.startedAt / 1000 });
  },
  DescribeExecution(executions, body) {
    const { executionArn: arn } = Describe.parse(body);
    const execution = find(executions, arn);
    return execution === undefined ? missing(arn) : jsonReply(200, description(execution));
  },
  StopExecution(executions, body) {
    const { executionArn: arn, error, cause } = Stop.parse(body);
    if (find(executions, arn) === undefined) return missing(arn);
    const stopped = executions.stop(arnName(arn), error, cause);
    return jsonReply(200, { stopDate: (stopped?.stoppedAt ?? 0) / 1000 });
  },
};

/**
 * Step Functions' StartExecution, DescribeExecution and StopExecution over AWS's JSON protocol. A name that is taken is
 * found again only while it runs and with equal input; else it is ExecutionAlreadyExists, also after it closed.
 */
export const answerStepFunctions = (executions: Executions, action: string, body: string): HttpReply => {
  const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (act === undefined) return refuse('UnknownOperationException', `unknown operation ${action}`);
  if (!isJson(body)) return refuse('SerializationException', 'the request is not JSON');
  try {
    return act(executions, JSON.parse(body));
  } catch (thrown) {
    if (thrown instanceof z.ZodError) return refuse('ValidationException', z.prettifyError(thrown));
    throw thrown;
  }
};
