import type { FailureName } from '../failure.ts';
import { fillPlaceholders } from '../job/placeholder.ts';
import type { Told } from '../run/effect-count.ts';
import type { Run } from '../run/run.ts';

/** The start of a session: the same for each attempt of a run, except for the note of what earlier attempts left. */
export type Prompt = { system: string | undefined; prompt: string };

/** What a new attempt is told of earlier ones: how the last failed, where the job has `retry.note`, and their calls that changed the world. */
export type Note = { failure: FailureName | null; told?: Told | undefined };

const failureText = ({ failure, told }: Note): string =>
  `An earlier attempt at this failed: ${failure}.${told ? '' : ' It left nothing behind that you can see.'}`;

const list = (says: string, calls: string[]): string[] =>
  calls.length > 0 ? [[says, ...calls.map((call) => `- ${call}`)].join('\n')] : [];

const toldTexts = ({ done, unknown }: Told): string[] => [
  ...list('Earlier attempts at this made these calls. They are done, so do not make them again:', done),
  ...list('It is not known whether these calls of earlier attempts took place. They are not repeated:', unknown),
];

/** The first prompt of an attempt. It depends on the run and on the note alone. */
export const firstPrompt = (run: Run, note: Note): Prompt => {
  const { job, id, slot, slots, since } = run;
  const fill = (text: string) =>
    fillPlaceholders(text, { id, job: job.name, slot, slots, since, timezone: job.schedule.timezone });
  const resultRule =
    job.result &&
    `Your final answer must be one JSON value, and nothing else, that fits this JSON Schema:\n${JSON.stringify(job.result)}`;
  const system = [job.system && fill(job.system), resultRule].filter(Boolean).join('\n\n');
  const notes = [
    ...(job.retry.note && note.failure ? [failureText(note)] : []),
    ...(note.told ? toldTexts(note.told) : []),
  ];
  return { system: system || undefined, prompt: [fill(job.prompt), ...notes].join('\n\n') };
};
