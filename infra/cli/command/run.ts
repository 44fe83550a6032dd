import type * as z from 'zod';
import { Failure, type FailureName } from '../../../lib/failure.ts';
import type { Declared } from '../../../lib/io/files/job-files.ts';
import type { Job } from '../../../lib/job/job.ts';
import { modelIdForm, parseModelId } from '../../../lib/job/model-id.ts';
import type { DispatchEvent } from '../../../lib/lifecycle/dispatch.ts';
import { Suffix } from '../../../lib/run/run.ts';
import { isSlotOf } from '../../../lib/schedule/calendar.ts';
import { Slot, slotAt } from '../../../lib/schedule/slot.ts';
import { mustBeDeclared, readDeclared } from '../client/job-files.ts';
import { running } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import { hint } from '../client/target.ts';
import { followRun, type Outputs } from './follow-run.ts';

export type RunOptions = Target & {
  infra: string;
  slot?: string;
  scheduled?: boolean;
  model?: string;
  suffix?: string;
  json?: boolean;
};

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

/** True if the job file has no such slot. A rate is never checked, because its anchor is unknown here. */
const isNoSlotOf = ({ schedule }: Job, slot: Slot): boolean =>
  schedule.rate === undefined && !isSlotOf(schedule, slot, { anchor: new Date(slot) });

/** The event of a manual run or, with `scheduled`, of the schedule. Throws before any request if an option is invalid. */
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

/**
 * Starts a run of a job through the dispatch function, with a suffix of its own or just as the schedule would, and follows it to its outcome. Resolves to the
 * exit code. Throws InvalidJob, UnknownJob, UnknownModel, InvalidSlot, InvalidEvent before anything is started.
 */
export const run = async (job: string, options: RunOptions, usualData: string, out: Outputs): Promise<number> => {
  const declared = await readDeclared(options.infra);
  if (options.stage === undefined) mustBeDeclared(job, declared);
  const event = eventOf(job, options, declared, new Date());
  const show = (id: string) => hint(`show ${id}`, options, usualData);
  const own = declared.jobs.find(({ name }) => name === job);
  if (options.scheduled && own && isNoSlotOf(own, event.slot))
    out.progress.say(
      `${event.slot} is no slot of ${job} by its job file: it counts as one of its schedule all the same.`,
    );
  return running(options, declared, out.progress, (stage) =>
    followRun(event, { stage, show, wantsJson: options.json === true, out }),
  );
};
