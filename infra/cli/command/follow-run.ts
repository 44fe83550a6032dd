import { setTimeout } from 'node:timers/promises';
import type { DispatchEvent, DispatchResult } from '../../../lib/lifecycle/dispatch.ts';
import { type RunHistory, resultOf, runHistory } from '../../../lib/report/run-history.ts';
import type { Client } from '../client/client.ts';
import { untilInterrupted } from '../client/open.ts';
import type { CommandJson } from '../contract/contract.ts';
import { runDetailJson } from '../contract/run.ts';
import { exitCodes, runExitCode } from '../print/exit.ts';
import { type Line, type Tone, toned } from '../print/line.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { doing, timeline } from '../print/timeline.ts';

/** Where progress and where the answer is printed. */
export type Outputs = { progress: Terminal; answer: Terminal };

/** The client of a stage, the command that shows one of its runs, and the output. */
export type Watched = { stage: Client; show(run: string): string; wantsJson: boolean; out: Outputs };

const said = (text: string, tone: Tone = 'dim'): Line[] => [
  { key: 'said', whole: true, segments: [toned(tone, text)] },
  { key: 'gap', segments: [] },
];

const report = async (seen: RunHistory, { show, wantsJson, out }: Watched): Promise<void> => {
  const result = await resultOf(seen);
  if (wantsJson) return out.answer.say(json(runDetailJson(seen, result) satisfies CommandJson['run']));
  if (result !== null) out.answer.say(`\n${typeof result === 'string' ? result.trim() : json(result)}`);
  out.progress.print([
    { key: 'space', segments: [] },
    { key: 'hint', whole: true, segments: [toned('dim', `every step:  ${show(seen.run.id)}`)] },
  ]);
};

/** The lines about dispatch's response, if the run itself does not show it. */
const received = async (event: DispatchEvent, { status, run }: DispatchResult, stage: Client): Promise<Line[]> => {
  if (status === 'duplicate') return said('duplicate: this slot already has its run; nothing was started.');
  if (status === 'queued') {
    const open = (await stage.stores.states.get(event.job))?.open.filter(({ holds }) => holds) ?? [];
    const behind = open.map((lease) => lease.run).join(' and ') || 'the run before it';
    return said(`queued: it starts when ${behind} ends.`, 'warn');
  }
  if (status === 'waits') return said(`waits: ${run} was not recorded, since another run of the job is open.`, 'warn');
  return event.suffix === undefined ? [] : said('Manual run. The schedule is not affected.');
};

/** Prints a run's new lines until it has its outcome, and returns its whole history. Rejects when the signal aborts; the run goes on. */
const follow = async (
  runId: string,
  { stores, restMs }: Client,
  { terminal, now, signal }: { terminal: Terminal; now(): Date; signal: AbortSignal },
): Promise<RunHistory> => {
  const printed = new Set<string>();
  let seen: RunHistory | undefined;
  for (;;) {
    signal.throwIfAborted();
    const latest = await runHistory(runId, stores, seen);
    seen = latest;
    const fresh = timeline(latest).filter(({ key }) => !printed.has(key));
    for (const { key } of fresh) printed.add(key);
    terminal.print(fresh);
    if (latest.run.outcome) return latest;
    terminal.show(() => doing(latest, now()));
    await setTimeout(restMs, undefined, { signal });
  }
};

const onward = ({ lost }: Client): string =>
  lost ? 'The local service has ended; the run goes on with the next `run` or `dev`' : 'The run goes on';

/**
 * Hands a slot to dispatch and follows its run to the outcome. Resolves to the exit code. A signal ends the watching, never the run. An error names
 * the command that shows the run.
 */
export const followRun = (event: DispatchEvent, watched: Watched): Promise<number> =>
  untilInterrupted(async (signal) => {
    const { stage, show, out } = watched;
    let id: string | undefined;
    try {
      const result = await stage.dispatch(event);
      out.progress.print(await received(event, result, stage));
      if (result.status === 'waits') return exitCodes.failed;
      id = result.run;
      const seen = await follow(id, stage, { terminal: out.progress, now: () => new Date(), signal });
      out.progress.show();
      await report(seen, watched);
      return runExitCode(seen.run);
    } catch (thrown) {
      if (id !== undefined) out.progress.say(`\nStopped watching. ${onward(stage)}; to look at it:\n  ${show(id)}`);
      if (!signal.aborted) throw thrown;
      return exitCodes.stopped;
    }
  });
