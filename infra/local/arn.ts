/** The name at an ARN's end: of a function, a state machine or an execution. */
export const arnName = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

export const account = '000000000000';
export const region = 'eu-west-1';
const scope = `${region}:${account}`;
const machineName = 'nightshift-local';
export const functionArn = (name: string): string => `arn:aws:lambda:${scope}:function:${name}`;
export const machineArn = `arn:aws:states:${scope}:stateMachine:${machineName}`;
export const executionArn = (name: string): string => `arn:aws:states:${scope}:execution:${machineName}:${name}`;

/** The one schedule group. */
export const scheduleGroup = 'nightshift-local';
export const scheduleArn = (name: string): string => `arn:aws:scheduler:${scope}:schedule/${scheduleGroup}/${name}`;
/** The role that Scheduler would assume on AWS. The local service ignores it. */
export const scheduleRoleArn = `arn:aws:iam::${account}:role/${scheduleGroup}-schedule`;

/** The name of the local service's one table. */
export const tableName = 'nightshift-local';
