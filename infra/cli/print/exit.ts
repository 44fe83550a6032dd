import { asFailure, type FailureName } from '../../../lib/failure.ts';
import type { Run } from '../../../lib/run/run.ts';

/** What a command exits with. */
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

/** What helps, beside what the failure says itself. */
const advice: Partial<Record<FailureName, string>> = {
  Unauthorized:
    'AWS did not accept the credentials, or there are none. Set AWS_PROFILE (or run `aws sso login`), for an identity that may read the table, invoke the dispatch function and, to pause and resume, put an item.',
  UnknownRun: '`npx nightshift runs` lists the runs there are.',
};

/** A run that ended well, or not. */
export const runExitCode = ({ outcome }: Run): number =>
  outcome?.status === 'succeeded' ? exitCodes.succeeded : exitCodes.failed;

/** What a failure's cause adds for people: only where the failure itself can say little, because another program refused. */
const detail = (name: FailureName, cause: unknown): string => {
  if (!unreachable.includes(name) || !(cause instanceof Error)) return '';
  const said = 'code' in cause ? String(cause.code) : cause.message;
  return said ? ` (${said})` : '';
};

/** How a command that threw ends: what people are told, and its exit code. What is no failure of ours keeps its stack. */
export const exitOf = (thrown: unknown): { text: string; exitCode: number } => {
  const { name, message, cause } = asFailure(thrown);
  const crashed = name === 'Crash' && cause instanceof Error ? (cause.stack ?? cause.message) : undefined;
  const said = crashed ?? `${message}${detail(name, cause)}`;
  const text = [`${name}:${said.includes('\n') ? '\n' : ' '}${said}`, advice[name]].filter(Boolean).join('\n');
  if (badInput.includes(name)) return { text, exitCode: exitCodes.badInput };
  return { text, exitCode: unreachable.includes(name) ? exitCodes.unreachable : exitCodes.failed };
};
