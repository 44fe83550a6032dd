import type * as z from 'zod';
import type { DispatchEvent } from '../../lib/dispatch.ts';
import { Failure, type FailureName } from '../../lib/failure.ts';
import type { Declared } from '../../lib/io/job-files.ts';
import { modelIdForm, parseModelId } from '../../lib/model-id.ts';
import { runId, Suffix } from '../../lib/run.ts';
import { Slot, slotAt } from '../../lib/slot.ts';
import { unusable } from '../local/unusable.ts';
import { writeLocalConfig } from './config.ts';
import { mustBeDeclared, readDeclared } from './declared.ts';
import { exitCodes, runExitCode } from './ending.ts';
import { follow } from './follow.ts';
import { type History, resultOf } from './history.ts';
import { toned } from './line.ts';
import type { Place } from './place.ts';
import { json } from './plain.ts';
import type { Stage } from './stage.ts';
import type { Terminal } from './terminal.ts';

export type RunOptions = Place & {
  infra: string;
  slot?: string;
  scheduled?: boolean;
  model?: string;
  suffix?: string;
  json?: boolean;
};

/** Where progress and where the answer is printed. */
export type Outputs = { progress: Terminal; answer: Terminal };

const modelOf = (id: string, scripts: Declared['scripts']): string => {
  const model = parseModelId(id);
  if (!model) throw new Failure('UnknownModel', `--model: found "${id}", expected ${modelIdForm}`);
  if (model.provider === 'scripted' && !Object.hasOwn(scripts, model.model)) {
    const expected = Object.keys(scripts).join(', ') || 'none is there';
    throw new Failure('UnknownModel', `--model: there is no script ${model.model}, expected one of: ${expected}`);
  }
  return id;
};

const checked = <T>(schema: z.ZodType<T>, value: string, name: FailureName, option: string): T => {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const expected = read.error.issues.map(({ message }) => message).join('; ');
  throw new Failure(name, `${option}: found "${value}", ${expected}`);
};

/** The event a person wakes a job with, or its schedule's own, checked before anything is asked. */
const eventOf = (job: string, options: RunOptions, declared: Declared, now: Date): DispatchEvent => {
  const { scheduled, slot = slotAt(now), suffix = 'manual', model } = options;
  if (scheduled && options.slot === undefined)
    throw new Failure('InvalidSlot', '--scheduled: needs --slot, the slot to deliver');
  return {
    job,
    slot: checked(Slot, slot, 'InvalidSlot', '--slot'),
    ...(scheduled ? {} : { suffix: checked(Suffix, suffix, 'InvalidEvent', '--suffix') }),
    ...(model === undefined ? {} : { model: modelOf(model, declared.scripts) }),
  };
};

/** A path as a shell takes it. */
const shellWord = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

export const look = (id: string, { stage, region, data }: Place, usualData: string): string => {
  const at = stage === undefined ? [] : [`--stage ${stage}`, ...(region ? [`--region ${region}`] : [])];
  const where = stage === undefined && data !== usualData ? [`--data ${shellWord(data)}`] : at;
  return ['npm run nightshift -- show', id, ...where].join(' ');
};

const report = async (seen: History, hint: string, wantsJson: boolean, out: Outputs): Promise<void> => {
  const result = await resultOf(seen);
  if (wantsJson) return out.answer.say(json({ ...seen, result }));
  if (result !== null) out.answer.say(`\n${typeof result === 'string' ? result.trim() : json(result)}`);
  out.progress.print([
    { key: 'space', segments: [] },
    { key: 'hint', whole: true, segments: [toned('dim', `every step:  ${hint}`)] },
  ]);
};

/** Dispatches and watches. A signal ends the watching, never the run: whatever goes wrong here, people are told where to look. */
const watch = async (event: DispatchEvent, stage: Stage, hint: string, out: Outputs): Promise<History | 'stopped'> => {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  let started = false;
  try {
    const { run: id, status } = await stage.dispatch(event);
    started = true;
    if (status === 'duplicate') out.progress.say('duplicate: this slot already has its run; nothing was started.\n');
    return await follow(id, stage, { terminal: out.progress, now: () => new Date(), signal: stop.signal });
  } catch (thrown) {
    const onward = stage.lost
      ? 'The local service has ended; the run goes on with the next `run` command'
      : 'The run goes on';
    if (started) out.progress.say(`\nStopped watching. ${onward}; to look at it:\n  ${hint}`);
    if (!stop.signal.aborted) throw thrown;
    return 'stopped';
  } finally {
    process.off('SIGINT', onInterrupt);
    out.progress.show();
  }
};

/**
 * Starts a run of a job through the dispatch function, with a suffix of its own or just as the schedule would, and follows it to its outcome. Resolves to the
 * exit code. Throws InvalidJob, UnknownJob, UnknownModel, InvalidSlot, InvalidEvent before anything is started.
 */
export const run = async (job: string, options: RunOptions, usualData: string, out: Outputs): Promise<number> => {
  const { stage: deployed, data } = options;
  const declared = await readDeclared(options.infra);
  if (deployed === undefined) mustBeDeclared(job, declared);
  const event = eventOf(job, options, declared, new Date());
  if (deployed === undefined) {
    await writeLocalConfig(data, declared).catch((thrown: unknown) => {
      throw unusable(data, thrown);
    });
  }
  out.progress.show(() => (deployed === undefined ? 'starting the local service' : `asking stage ${deployed}`));
  const { openStage } = await import('./stage.ts');
  const stage = await openStage(options, { resume: true });
  try {
    const seen = await watch(event, stage, look(runId(event), options, usualData), out);
    if (seen === 'stopped') return exitCodes.stopped;
    await report(seen, look(seen.run.id, options, usualData), options.json === true, out);
    return runExitCode(seen.run);
  } finally {
    stage.close();
  }
};
