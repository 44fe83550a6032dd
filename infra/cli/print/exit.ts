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

const exitCodeOf = (name: FailureName): number => {
  if (badInput.includes(name)) return exitCodes.badInput;
  return unreachable.includes(name) ? exitCodes.unreachable : exitCodes.failed;
};

/** How a command that threw ends. `text` holds name, message and advice for people. */
export type Exit = { name: FailureName; message: string; advice: string; text: string; exitCode: number };

/** The end of a command that threw. An error without a failure's name keeps its stack. */
export const exitOf = (thrown: unknown): Exit => {
  const { name, message: plain, cause } = asFailure(thrown);
  const stack = name === 'Crash' && cause instanceof Error ? (cause.stack ?? cause.message) : undefined;
  const message = stack ?? `${plain}${detail(name, cause)}`;
  const help = advice[name] ?? '';
  const text = [`${name}:${message.includes('\n') ? '\n' : ' '}${message}`, help].filter(Boolean).join('\n');
  return { name, message, advice: help, text, exitCode: exitCodeOf(name) };
};
