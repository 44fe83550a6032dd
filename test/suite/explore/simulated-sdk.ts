/** A request as an adapter makes it. */
export type Command = { action: string; input: Record<string, unknown> };

const command = (action: string) =>
  function made(input: Record<string, unknown>): Command {
    return { action, input };
  };

// Replaces the AWS SDK in the explored bundle: a command is plain data, and the simulated client answers it.
export const DynamoDBDocumentClient = { from: <Client>(client: Client): Client => client };
export const GetCommand = command('GetItem');
export const PutCommand = command('PutItem');
export const QueryCommand = command('Query');
export const StartExecutionCommand = command('StartExecution');
export const StopExecutionCommand = command('StopExecution');
export const DeleteScheduleCommand = command('DeleteSchedule');
export const GetScheduleCommand = command('GetSchedule');
export const DescribeExecutionCommand = command('DescribeExecution');
