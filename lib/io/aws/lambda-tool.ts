import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { type Tool, type ToolContext, ToolError } from '../../agent/tool.ts';
import { functionRegion, type LambdaConnection } from '../../connection/connection.ts';
import { resultSchema } from '../../run/result-schema.ts';
import { capped } from '../../text.ts';
import { repeated } from '../repeated.ts';

/** Where functions are invoked. `endpoint` is undefined on AWS. */
export type LambdaPlace = { endpoint?: string | undefined };

/** Errors before a function runs, and whether it may run later: "Invoke", Errors, in the API reference of Lambda. */
const notNow = ['TooManyRequestsException', 'ServiceException', 'EC2ThrottledException', 'ResourceNotReadyException'];

const refusalOf = (name: string, thrown: unknown): ToolError => {
  const error = thrown instanceof Error ? thrown : new Error();
  const isAnswered = '$fault' in error;
  if (notNow.includes(error.name))
    return new ToolError('unreachable', `${name} was not invoked: ${error.name}. You may try again later.`);
  if (isAnswered && error.$fault === 'client')
    return new ToolError('refused', `${name} was not invoked: ${error.name}`);
  return new ToolError('interrupted', `${name} was asked and gave no answer: ${error.name}`, { cause: thrown });
};

const textOf = ({ Payload }: InvokeCommandOutput): string => Buffer.from(Payload ?? []).toString();

/** What the function is told beside its event: the key is the same for every repeat of a call in a run. */
const clientContext = ({ runId, idempotencyKey }: ToolContext): string =>
  Buffer.from(JSON.stringify({ custom: { run: runId, idempotencyKey } })).toString('base64');

const invoke = async (
  connection: LambdaConnection,
  input: unknown,
  context: ToolContext,
  { endpoint }: LambdaPlace,
): Promise<unknown> => {
  const { LambdaClient, InvokeCommand } = await import('@aws-sdk/client-lambda');
  // The SDK would make an invocation again that may have happened.
  const client = new LambdaClient({
    region: functionRegion(connection),
    maxAttempts: 1,
    ...(endpoint && { endpoint }),
  });
  const command = new InvokeCommand({
    FunctionName: connection.function,
    Payload: Buffer.from(JSON.stringify(input)),
    ClientContext: clientContext(context),
  });
  try {
    const answer = await client.send(command, { abortSignal: context.signal }).catch((thrown: unknown) => {
      throw refusalOf(connection.name, thrown);
    });
    if (answer.FunctionError === undefined) return textOf(answer) || '(nothing)';
    throw new ToolError(
      'interrupted',
      `The function failed, and may have done something: ${capped(textOf(answer), 1000)}`,
    );
  } finally {
    client.destroy();
  }
};

const isInDoubt = (end: { value: unknown } | { thrown: unknown }): boolean =>
  'thrown' in end && end.thrown instanceof ToolError && end.thrown.kind === 'interrupted';

/** A function of the account as a tool. Throws InvalidJob where its `input` is no JSON Schema. */
export const lambdaTool = async (connection: LambdaConnection, place: LambdaPlace = {}): Promise<Tool> => {
  const problemOf = await resultSchema(connection.input, 'arguments');
  const { description, effect, idempotent } = connection;
  return {
    description,
    schema: connection.input,
    input: z.record(z.string(), z.unknown()).superRefine((value, context) => {
      const message = problemOf(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }) as z.ZodType<unknown>,
    effect,
    outside: true,
    run: (input, context) => {
      const once = () => invoke(connection, input, context, place);
      return idempotent && effect === 'once' ? repeated(once, isInDoubt, context.signal) : once();
    },
  };
};
