import type { Job } from '../../../lib/job/job.ts';
import { changeState, type JobState } from '../../../lib/policy/job-state.ts';
import { goingOn, type Pause, resumed } from '../../../lib/policy/pause.ts';
import { anchorOf, neighbours } from '../../../lib/report/why.ts';
import type { Checkpoint } from '../../../lib/watch/checkpoint.ts';
import type { Client } from '../client/client.ts';
import { findJobAt } from '../client/find-job.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { counted } from '../print/format.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { localText } from '../print/time.ts';
import { pauseLine } from './pause.ts';

export type ResumeOptions = Target & { infra: string; json?: boolean };

/** What a resumption has ended: a pause, an open breaker, both or nothing. */
type Ended = { pause: Pause | undefined; breaker: JobState['breaker']; streak: number };

const end = async (name: string, now: Date, { stores }: Client): Promise<{ ended: Ended; state: JobState }> => {
  let ended: Ended = { pause: undefined, breaker: null, streak: 0 };
  const change = ({ pauses, breaker, streak }: JobState) => {
    ended = { pause: goingOn(pauses, now), breaker, streak };
    if (!ended.pause && !breaker) return undefined;
    return { pauses: resumed(pauses, now), ...(breaker && { breaker: null, streak: 0 }) };
  };
  const state = await changeState(name, change, stores.states);
  return { ended, state };
};

const sentences = (job: Job, { pause, breaker, streak }: Ended, queued: string | null): string[] => {
  const zone = job.schedule.timezone;
  if (!pause && !breaker) return [`${job.name} is not paused, and its breaker is closed: nothing was changed.`];
  return [
    ...(pause ? [`${job.name} is resumed; it was ${pauseLine(pause, zone)}.`] : []),
    ...(breaker
      ? [
          `Its breaker is closed; it was open since ${localText(breaker.since, zone)}, after ${counted(-streak, 'failed run')} in a row, which count no more.`,
        ]
      : []),
    ...(queued === null ? [] : [`${queued} is in the queue and starts when nothing else of the job is open.`]),
  ];
};

type Resumed = { ended: Ended; queued: string | null; look: Checkpoint | undefined };

const nothing: Resumed = { ended: { pause: undefined, breaker: null, streak: 0 }, queued: null, look: undefined };

/** Ends a job's pause and closes its breaker. Where there is neither it changes nothing and says so. Throws UnknownJob. */
export const resume = async (name: string, options: ResumeOptions, out: Terminal): Promise<number> => {
  const { job } = await findJobAt(name, options);
  const now = new Date();
  const done = await reading(options, async (stage): Promise<Resumed> => {
    const { ended, state } = await end(name, now, stage);
    return { ended, queued: state.queued, look: await stage.stores.checkpoints.get(name) };
  });
  const { ended, queued, look } = done ?? nothing;
  const anchor = anchorOf(job, look, [], now);
  const next = job.enabled && anchor.known ? neighbours(job.schedule, now.getTime(), anchor.at).next : undefined;
  if (options.json) {
    const { pause = null, breaker } = ended;
    out.say(json({ job: name, pause, breaker, queued, next: next?.slot ?? null } satisfies CommandJson['resume']));
    return exitCodes.succeeded;
  }
  for (const sentence of sentences(job, ended, queued)) out.say(sentence);
  if (next) out.say(`The next slot is ${localText(next.slot, job.schedule.timezone)} ${job.schedule.timezone}.`);
  if (!job.enabled) out.say('Its job file says enabled: false: it does not run.');
  return exitCodes.succeeded;
};
