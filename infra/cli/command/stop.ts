import { setTimeout } from 'node:timers/promises';
import { Failure } from '../../../lib/failure.ts';
import { mustBeRunId } from '../../../lib/report/run-history.ts';
import { existingRun, type Run } from '../../../lib/run/run.ts';
import type { Client } from '../client/client.ts';
import { reading } from '../client/open.ts';
import { hint, type Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { runJson } from '../contract/run.ts';
import { exitCodes } from '../print/exit.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { noSuchRun } from './no-such-run.ts';

export type StopOptions = Target & { json?: boolean };

/** How long the outcome is waited for after the execution has stopped: settle records it within seconds. */
const patienceMs = 30_000;

type Stopped = { run: Run; stopped: boolean };

const outcomeOf = async (id: string, { stores, restMs }: Client): Promise<Run> => {
  const until = Date.now() + patienceMs;
  for (;;) {
    const run = await existingRun(id, stores.runs);
    if (run.outcome || Date.now() > until) return run;
    await setTimeout(restMs);
  }
};

const stopRun = async (id: string, client: Client): Promise<Stopped> => {
  const run = await existingRun(id, client.stores.runs);
  if (run.outcome) return { run, stopped: false };
  const executions = await client.executions();
  try {
    if ((await executions.status(id)) === 'none') {
      const message = `run ${id} has no execution to stop: it waits in the queue. Pause the job, and the run is skipped`;
      throw new Failure('InvalidEvent', message);
    }
    await executions.stop(id, 'ExecutionAborted');
    return { run: await outcomeOf(id, client), stopped: true };
  } finally {
    executions.close();
  }
};

const isAborted = ({ outcome }: Run): boolean => outcome?.status === 'failed' && outcome.failure === 'ExecutionAborted';

const sentence = ({ run, stopped }: Stopped): string => {
  const { id, outcome } = run;
  if (!outcome) return `${id} is stopped. Its outcome is not recorded yet: the watchman records it within minutes.`;
  if (stopped && isAborted(run)) return `${id} is stopped. Its outcome is failed: ExecutionAborted.`;
  const end = outcome.status === 'failed' ? `failed: ${outcome.failure}` : outcome.status;
  return `${id} ended at ${outcome.endedAt} (${end}). Nothing was stopped.`;
};

/** Stops the execution of a run, which then ends as ExecutionAborted. A run that has ended stays as it is. Throws UnknownRun, InvalidEvent. */
export const stop = async (id: string, options: StopOptions, usualData: string, out: Terminal): Promise<number> => {
  mustBeRunId(id);
  const done = await reading(options, (client) => stopRun(id, client));
  if (!done) throw noSuchRun(id, options);
  const stopped = done.stopped && (!done.run.outcome || isAborted(done.run));
  if (options.json) out.say(json({ ...runJson(done.run), stopped } satisfies CommandJson['stop']));
  else out.say(`${sentence(done)}\nEvery step: ${hint(`show ${id}`, options, usualData)}`);
  return exitCodes.succeeded;
};
