import { randomUUID } from 'node:crypto';
import { account, executionArn, machineArn, region } from '../arn.ts';
import type { Execution } from './journal.ts';

/** EventBridge's "Step Functions Execution Status Change" for an execution that ended, as AWS sends it; dates are epoch milliseconds. */
export const statusEvent = (execution: Execution, id = randomUUID()) => ({
  version: '0',
  id,
  'detail-type': 'Step Functions Execution Status Change',
  source: 'aws.states',
  account,
  time: new Date(execution.stoppedAt ?? execution.startedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  region,
  resources: [executionArn(execution.name)],
  detail: {
    executionArn: executionArn(execution.name),
    stateMachineArn: machineArn,
    name: execution.name,
    status: execution.status,
    startDate: execution.startedAt,
    stopDate: execution.stoppedAt ?? null,
    input: execution.input,
    inputDetails: { included: true },
    output: execution.output ?? null,
    outputDetails: execution.output === undefined ? null : { included: true },
    stateMachineVersionArn: null,
    stateMachineAliasArn: null,
    redriveCount: 0,
    redriveDate: null,
    redriveStatus: execution.status === 'SUCCEEDED' ? 'NOT_REDRIVABLE' : 'REDRIVABLE',
    redriveStatusReason: null,
    error: execution.error ?? null,
    cause: execution.cause ?? null,
  },
});
