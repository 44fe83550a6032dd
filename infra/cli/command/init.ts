import { randomUUID } from 'node:crypto';
import { link, unlink, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { Failure } from '../../../lib/failure.ts';
import { type Job, JobName } from '../../../lib/job/job.ts';
import { modelIdForm, parseModelId } from '../../../lib/job/model-id.ts';
import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { slotsAfter } from '../../../lib/schedule/calendar.ts';
import { Schedule, scheduleExpression } from '../../../lib/schedule/schedule.ts';
import { checkedNewJob, mustBeFree } from '../client/job-files.ts';
import { hint } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { localText } from '../print/time.ts';

/** Answers to the questions of `init`. Each is an option too. */
export type Answers = { schedule?: string; timezone?: string; model?: string; prompt?: string };
export type InitOptions = Answers & {
  infra: string;
  description?: string;
  tool?: string[];
  allow?: string[];
  json?: boolean;
};

/** Asks the user one question. An empty answer means `usual`. */
export type Ask = (question: string, usual: string) => Promise<string>;

const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** Reads `1 hour` as a rate, `2026-12-24T18:00:00` as a time, all else as a cron. Takes EventBridge's `rate(1 hour)` too. */
export const scheduleOf = (text: string): Record<string, string> => {
  const [, word, inner] = /^(cron|rate|at)\((.*)\)$/.exec(text.trim()) ?? [];
  if (word !== undefined && inner !== undefined) return { [word]: inner };
  if (/^\d+ +\w+$/.test(text.trim())) return { rate: text.trim() };
  return /^\d{4}-\d\d-\d\d/.test(text.trim()) ? { at: text.trim() } : { cron: text.trim() };
};

const questions: [name: keyof Answers, question: string, usual: () => string][] = [
  [
    'schedule',
    'When? A cron of six fields, a rate like "1 hour", or a time like 2026-12-24T18:00:00',
    () => '0 7 * * ? *',
  ],
  ['timezone', 'In which time zone?', zoneHere],
  ['model', `Which model? ${modelIdForm}`, () => 'scripted/night-report'],
  ['prompt', 'What is the job to do, in a sentence?', () => ''],
];

const problemOf = (schedule: Record<string, string>): string | undefined =>
  Schedule.safeParse(schedule)
    .error?.issues.map(({ message }) => message)
    .join('; ');

const checks: Record<keyof Answers, (answer: string) => string | undefined> = {
  schedule: (answer) => problemOf(scheduleOf(answer)),
  timezone: (answer) => problemOf({ rate: '1 day', timezone: answer }),
  model: (answer) => (parseModelId(answer) ? undefined : `found "${answer}", expected ${modelIdForm}`),
  prompt: () => undefined,
};

/** The problem of one answer, or nothing. The file as a whole is checked before it is written. */
const wrong = (name: keyof Answers, answer: string): string | undefined =>
  answer.trim() === '' ? 'found nothing, expected an answer' : checks[name](answer);

/** Takes the options as answers and asks for the rest. A bad answer is asked for again. */
const asked = async (options: InitOptions, ask: Ask, err: Terminal): Promise<Answers> => {
  const answers: Answers = {};
  for (const [name, question, usual] of questions) {
    let answer = options[name];
    for (;;) {
      answer ??= (await ask(question, usual())) || usual();
      const problem = wrong(name, answer);
      if (problem === undefined) break;
      err.say(problem);
      answer = undefined;
    }
    answers[name] = answer;
  }
  return answers;
};

/** The answers without a terminal, from options alone. The time zone of this machine is the default. Throws InvalidJob. */
const given = (options: InitOptions): Answers => {
  const needed = (['schedule', 'model', 'prompt'] as const).filter((name) => options[name] === undefined);
  if (needed.length === 0) return { ...options, timezone: options.timezone ?? zoneHere() };
  const names = needed.map((name) => `--${name}`).join(', ');
  throw new Failure(
    'InvalidJob',
    `found no ${names}, expected an option for each: init asks its questions on a terminal only`,
  );
};

const textOf = ({ schedule = '', timezone, model, prompt }: Answers, options: InitOptions): string =>
  `# yaml-language-server: $schema=../job.schema.json\n${stringify(
    {
      ...(options.description === undefined ? {} : { description: options.description }),
      schedule: { ...scheduleOf(schedule), timezone },
      model,
      prompt,
      ...(options.tool ? { tools: options.tool } : {}),
      ...(options.allow ? { allow: options.allow } : {}),
    },
    { lineWidth: 110 },
  )}`;

const exists = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';

/** Writes a new file, whole or not at all. Throws InvalidJob where the file exists. */
const put = async (file: string, text: string): Promise<void> => {
  const aside = `${file}.${randomUUID()}.part`;
  try {
    await writeFile(aside, text, { flag: 'wx' });
    await link(aside, file);
  } catch (cause) {
    if (exists(cause)) throw new Failure('InvalidJob', `${file}: this file exists already, expected a new name`);
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new Failure('InvalidJob', `${file} cannot be written (${code})`, { cause });
  } finally {
    await unlink(aside).catch(() => {});
  }
};

const nameOf = (name: string): string => {
  const read = JobName.safeParse(name);
  if (read.success) return name;
  throw new Failure(
    'InvalidJob',
    `<job>: found "${name}", ${read.error.issues.map(({ message }) => message).join('; ')}`,
  );
};

const nextOf = ({ schedule }: Job, now: Date): string | null =>
  slotsAfter(schedule, now, { anchor: now }).find(({ skip }) => skip === undefined)?.slot ?? null;

/**
 * Writes a new job file that passes `check`, and asks for missing options where `ask` is given. Throws InvalidJob for a bad name, an
 * existing file and answers that make no valid job, and then writes nothing.
 */
export const init = async (
  job: string,
  options: InitOptions,
  usualData: string,
  { out, err, ask }: { out: Terminal; err: Terminal; ask?: Ask | undefined },
): Promise<number> => {
  const name = nameOf(job);
  await mustBeFree(options.infra, name);
  const text = textOf(ask ? await asked(options, ask, err) : given(options), options);
  const now = new Date();
  const { file, job: made } = await checkedNewJob(options.infra, name, text, now);
  await put(file, text);
  const { schedule } = made;
  const next = nextOf(made, now);
  const [english, expression, timezone] = [inEnglish(schedule), scheduleExpression(schedule), schedule.timezone];
  if (options.json) {
    out.say(json({ job: name, file, english, expression, timezone, next } satisfies CommandJson['init']));
    return exitCodes.succeeded;
  }
  const when = next === null ? 'no slot' : `next ${localText(next, timezone)}`;
  out.say(`Wrote ${file}: ${english}, ${timezone}; ${when}.`);
  const place = { data: usualData };
  out.say(`Run it now:   ${hint(`run ${name}`, place, usualData)}`);
  out.say(`At its slots: ${hint('dev', place, usualData)}`);
  return exitCodes.succeeded;
};
