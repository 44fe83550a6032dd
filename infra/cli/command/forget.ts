import { Failure } from '../../../lib/failure.ts';
import { mustBeRunId } from '../../../lib/report/run-history.ts';
import { existingRun, type Run } from '../../../lib/run/run.ts';
import type { Client } from '../client/client.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { runJson } from '../contract/run.ts';
import { exitCodes } from '../print/exit.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { authorOf } from './author.ts';
import { noSuchRun } from './no-such-run.ts';

export type ForgetOptions = Target & { by?: string; undo?: boolean; json?: boolean };

type Changed = { run: Run; changed: boolean };

/** Replaces the run under its version. Throws RunConflict where another command was faster. */
const change = async (
  id: string,
  { by, undo = false }: ForgetOptions,
  { stores: { runs } }: Client,
): Promise<Changed> => {
  const seen = await existingRun(id, runs);
  if (seen.outcome?.status !== 'succeeded')
    throw new Failure('InvalidEvent', `run ${id} has no result to forget: only a run that succeeded has one`);
  if ((seen.forgotten === undefined) === undo) return { run: seen, changed: false };
  const { forgotten: _, ...remembered } = seen;
  const forgotten = { at: new Date().toJSON(), by: authorOf(by, process.env) };
  const run: Run = { ...remembered, ...(undo ? {} : { forgotten }), version: seen.version + 1 };
  await runs.put(run);
  return { run, changed: true };
};

const sentence = ({ run: { id, forgotten }, changed }: Changed): string => {
  if (forgotten)
    return changed
      ? `The result of ${id} is forgotten: later runs do not see it. The run and its steps stay. To undo: add --undo`
      : `The result of ${id} was forgotten already, by ${forgotten.by} on ${forgotten.at}.`;
  return changed ? `Later runs see the result of ${id} again.` : `The result of ${id} was not forgotten.`;
};

/**
 * Takes the result of a run out of what later runs see, or gives it back. The run, its outcome and its steps stay as they are. Throws UnknownRun,
 * InvalidEvent for a run without a result.
 */
export const forget = async (id: string, options: ForgetOptions, out: Terminal): Promise<number> => {
  mustBeRunId(id);
  const done = await reading(options, (client) => change(id, options, client));
  if (!done) throw noSuchRun(id, options);
  if (options.json) out.say(json({ ...runJson(done.run), changed: done.changed } satisfies CommandJson['forget']));
  else out.say(sentence(done));
  return exitCodes.succeeded;
};
