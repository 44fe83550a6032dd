import { mustBeRunId } from '../../../lib/report/run-history.ts';
import { existingRun, type Run } from '../../../lib/run/run.ts';
import { type LogLine, type LogLines, localLogLines, stageLogLines } from '../client/log-lines.ts';
import { reading } from '../client/open.ts';
import { regionOf, type Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { type Line, toned } from '../print/line.ts';
import { brief, json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { noSuchRun } from './no-such-run.ts';

export type LogsOptions = Target & { limit: number; json?: boolean };

/** Clocks differ between machines, and settle may be late: the range is wider than the run. */
const beforeMs = 60_000;
const afterMs = 15 * 60_000;

const rangeOf = ({ startedAt, outcome }: Run, now: Date): { from: Date; to: Date } => {
  const last = outcome ? Date.parse(outcome.endedAt) + afterMs : now.getTime();
  return { from: new Date(Date.parse(startedAt) - beforeMs), to: new Date(Math.min(last, now.getTime())) };
};

/** What every line of the logger has, and no reader needs. */
const usual =
  /^(service|cold_start|function_arn|function_memory_size|function_name|function_request_id|xray_trace_id|sampling_rate|job)$/;

const fieldText = ([name, value]: [string, unknown]): string =>
  `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;

const tones: Record<string, 'bad' | 'warn' | 'dim'> = { ERROR: 'bad', CRITICAL: 'bad', WARN: 'warn' };

const shown = (one: LogLine): Line => {
  const told = Object.entries(one.fields).filter(([name]) => !usual.test(name));
  return {
    key: '',
    whole: true,
    segments: [
      toned('dim', `${one.at}  `),
      toned(tones[one.level] ?? 'dim', `${one.level.padEnd(5)}  `),
      `${one.function.padEnd(8)}  ${brief(one.message, 400)}`,
      toned('dim', told.length > 0 ? `  ${brief(told.map(fieldText).join(' '), 1000)}` : ''),
    ],
  };
};

/** Prints the structured log lines of a run, the oldest first. Reads only. Throws UnknownRun. */
export const logs = async (id: string, options: LogsOptions, out: Terminal): Promise<number> => {
  mustBeRunId(id);
  const run = await reading(options, ({ stores }) => existingRun(id, stores.runs));
  if (!run) throw noSuchRun(id, options);
  const { from, to } = rangeOf(run, new Date());
  const { stage, data, limit } = options;
  const query = { run: id, from, to, limit };
  const found: LogLines =
    stage === undefined ? await localLogLines(data, query) : await stageLogLines(stage, regionOf(options), query);
  if (options.json) {
    const range = { from: from.toJSON(), to: to.toJSON() };
    out.say(json({ run: id, job: run.job.name, slot: run.slot, ...range, ...found } satisfies CommandJson['logs']));
    return exitCodes.succeeded;
  }
  out.print(found.lines.map(shown));
  if (found.lines.length === 0)
    out.say(`No log lines of ${id}: they are kept for 30 days at a stage, and in part here.`);
  if (found.more) out.say(`\nThe first ${found.lines.length} lines; --limit shows more.`);
  return exitCodes.succeeded;
};
