const place = 'eu-west-1:000000000000';

/** The name at an ARN's end: of a function, a state machine or an execution. */
export const arnName = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

export const account = '000000000000';
export const region = 'eu-west-1';
const machineName = 'nightshift-local';
export const functionArn = (name: string): string => `arn:aws:lambda:${place}:function:${name}`;
export const machineArn = `arn:aws:states:${place}:stateMachine:${machineName}`;
export const executionArn = (name: string): string => `arn:aws:states:${place}:execution:${machineName}:${name}`;

/** The one schedule group. */
export const scheduleGroup = 'nightshift-local';
export const scheduleArn = (name: string): string => `arn:aws:scheduler:${place}:schedule/${scheduleGroup}/${name}`;
/** The role that would be assumed on AWS. Nothing here looks at it. */
export const scheduleRoleArn = `arn:aws:iam::${account}:role/${scheduleGroup}-schedule`;

/** The name of the local service's one table. */
export const tableName = 'nightshift-local';
