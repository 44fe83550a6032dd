import type { Answer, Ask, Kind } from './gate.ts';
import type { Command } from './simulated-sdk.ts';

/** Tries of one request, as lib/io/aws/lambda.ts sets them for the SDK. */
const maxAttempts = 5;

const named = (name: string): Error => Object.assign(new Error(name), { name });
const faultError = (fault: string): Error =>
  named(fault === 'gone' || fault === 'lost' ? 'TimeoutError' : 'ThrottlingException');

/** The name of the execution that a request names. */
export const executionOf = ({ name, executionArn }: Command['input']): string =>
  String(name ?? String(executionArn).split(':').at(-1));

const wordOf = ({ action, input }: Command): string => {
  const { pk, sk } = { ...(input.Key as object), ...(input.Item as object) } as { pk?: string; sk?: string };
  const values = Object.values((input.ExpressionAttributeValues as object | undefined) ?? {}).join(' ');
  const isOfExecution = input.name !== undefined || input.executionArn !== undefined;
  return [action, pk ?? input.Name ?? (isOfExecution ? executionOf(input) : values), sk].filter(Boolean).join(' ');
};

const kindOf = ({ action }: Command): Kind => {
  if (action === 'PutItem') return 'write';
  if (action === 'StopExecution') return 'stop';
  return action === 'StartExecution' ? 'start' : 'read';
};

/**
 * A client that retries like the SDK's. Every try of a request is a point at the gate.
 */
export const simulatedClient = (deps: {
  pass(ask: Ask): Promise<Answer>;
  answer(command: Command): unknown;
}): { send(command: Command): Promise<unknown> } => {
  const sent = async (command: Command, ask: Ask, attempt: number): Promise<unknown> => {
    const what = attempt === 1 ? ask.what : `${ask.what} (try ${attempt})`;
    const { fault, error, value } = await deps.pass({ ...ask, what });
    const again = (fault === 'lost' || fault === 'throttled') && attempt < maxAttempts;
    if (again) return sent(command, ask, attempt + 1);
    if (fault) throw faultError(fault);
    if (error) throw error;
    return value;
  };
  return {
    send(command) {
      const perform = () => deps.answer(command);
      return sent(command, { kind: kindOf(command), what: wordOf(command), input: command, perform }, 1);
    },
  };
};
