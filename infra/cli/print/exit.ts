import { asFailure, type FailureName } from '../../../lib/failure.ts';
import type { Run } from '../../../lib/run/run.ts';

/** The exit codes of the commands. */
export const exitCodes = { succeeded: 0, failed: 1, badInput: 2, unreachable: 3, stopped: 130 } as const;

const badInput: FailureName[] = [
  'InvalidJob',
  'InvalidScript',
  'InvalidEvent',
  'InvalidSlot',
  'UnknownJob',
  'UnknownRun',
  'UnknownModel',
  'UnknownTool',
];
const unreachable: FailureName[] = ['StoreUnavailable', 'TableMissing', 'Unauthorized'];

/** Advice that is printed under a failure's message. */
const advice: Partial<Record<FailureName, string>> = {
  Unauthorized:
    'AWS did not accept the credentials, or there are none. Set AWS_PROFILE (or run `aws sso login`), for an identity that may read the table, invoke the dispatch function and, to pause and resume, put an item.',
  UnknownRun: '`npx nightshift runs` lists the runs there are.',
};

/** The exit code of a command that followed a run to its end. */
export const runExitCode = ({ outcome }: Run): number =>
  outcome?.status === 'succeeded' ? exitCodes.succeeded : exitCodes.failed;

/** The cause of a failure, in parentheses, where another program refused and the message alone says too little. */
const detail = (name: FailureName, cause: unknown): string => {
  if (!unreachable.includes(name) || !(cause instanceof Error)) return '';
  const reason = 'code' in cause ? String(cause.code) : cause.message;
  return reason ? ` (${reason})` : '';
};

/** The message and the exit code of a command that threw. An error without a failure's name keeps its stack. */
export const exitOf = (thrown: unknown): { text: string; exitCode: number } => {
  const { name, message, cause } = asFailure(thrown);
  const stack = name === 'Crash' && cause instanceof Error ? (cause.stack ?? cause.message) : undefined;
  const body = stack ?? `${message}${detail(name, cause)}`;
  const text = [`${name}:${body.includes('\n') ? '\n' : ' '}${body}`, advice[name]].filter(Boolean).join('\n');
  if (badInput.includes(name)) return { text, exitCode: exitCodes.badInput };
  return { text, exitCode: unreachable.includes(name) ? exitCodes.unreachable : exitCodes.failed };
};
