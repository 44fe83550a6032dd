import { Failure } from '../../../lib/failure.ts';
import type { Job } from '../../../lib/job/job.ts';
import { changeState, type JobState } from '../../../lib/policy/job-state.ts';
import { goingOn, type Pause, paused } from '../../../lib/policy/pause.ts';
import { openClient } from '../client/client.ts';
import { findJobAt } from '../client/find-job.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { brief, json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { localText, typedTime } from '../print/time.ts';
import { authorOf, noteOf } from './author.ts';

export type PauseOptions = Target & { infra: string; note?: string; until?: string; by?: string; json?: boolean };

/** Returns the end of a pause, or null without `--until`. Throws InvalidSlot for a past time. */
const endOf = (until: string | undefined, job: Job, now: Date): string | null => {
  if (until === undefined) return null;
  const { reached } = typedTime(until, '--until', job.schedule.timezone, now);
  if (reached > now.getTime()) return new Date(reached).toJSON();
  throw new Failure(
    'InvalidSlot',
    `--until: found "${until}", which has passed, expected a time after ${localText(now, job.schedule.timezone)}`,
  );
};

/** `paused by ana since Wed 2026-11-25 09:00 until …: holiday`, in the job's own time. */
export const pauseLine = ({ by, since, until, note }: Pause, zone: string): string => {
  const end = until === null ? '' : ` until ${localText(until, zone)}`;
  return brief(`paused by ${by} since ${localText(since, zone)}${end}${note === '' ? '' : `: ${note}`}`, 700);
};

type Done = Pick<JobState, 'open' | 'queued'> & { pause: Pause; replaced: Pause | undefined };

const sentences = (job: Job, { pause, replaced, open, queued }: Done): string[] => {
  const zone = job.schedule.timezone;
  const end = pause.until === null ? 'it is resumed' : `${localText(pause.until, zone)} ${zone}`;
  return [
    `${job.name} is ${pauseLine(pause, zone)}.`,
    ...(replaced ? [`It was ${pauseLine(replaced, zone)}; this pause takes its place.`] : []),
    `Its slots are recorded as skipped until ${end}.`,
    ...open.map(({ run }) => `${run} is open and goes on to its end.`),
    ...(queued === null ? [] : [`${queued} is in the queue; if its turn comes during the pause, it is skipped.`]),
    ...(job.enabled ? [] : ['Its job file says enabled: false: it would not run anyway.']),
  ];
};

const forPrograms = ({ name }: Job, { pause, replaced, open, queued }: Done): CommandJson['pause'] => ({
  job: name,
  pause,
  replaced: replaced ?? null,
  open: open.map(({ run }) => run),
  queued,
});

/**
 * Pauses a job, with its author and a note: no slot of it starts until a resume or a given time. A new pause replaces one that goes on. Throws
 * UnknownJob, InvalidSlot, InvalidEvent.
 */
export const pause = async (name: string, options: PauseOptions, out: Terminal): Promise<number> => {
  const { job } = await findJobAt(name, options);
  const now = new Date();
  const end = endOf(options.until, job, now);
  const [by, note] = [authorOf(options.by, process.env), noteOf(options.note)];
  const pause: Pause = { by, since: now.toJSON(), until: end, note };
  let replaced: Pause | undefined;
  const change = ({ pauses }: JobState) => {
    replaced = goingOn(pauses, now);
    return { pauses: paused(pauses, pause) };
  };
  const stage = await openClient(options, { resume: false });
  try {
    const { open, queued } = await changeState(name, change, stage.stores.states);
    if (options.json) out.say(json(forPrograms(job, { pause, replaced, open, queued })));
    else for (const sentence of sentences(job, { pause, replaced, open, queued })) out.say(sentence);
    return exitCodes.succeeded;
  } finally {
    stage.close();
  }
};
