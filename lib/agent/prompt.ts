import type { FailureName } from '../failure.ts';
import { fillPlaceholders } from '../job/placeholder.ts';
import type { Run } from '../run/run.ts';

/** The start of a session: the same for each attempt of a run, except for the failure note. */
export type Prompt = { system: string | undefined; prompt: string };

/** The first prompt of an attempt. It depends on the run and, if the job has `retry.note`, on the earlier attempt's failure. */
export const firstPrompt = (run: Run, note: FailureName | null): Prompt => {
  const { job, id, slot, slots, since } = run;
  const fill = (text: string) =>
    fillPlaceholders(text, { id, job: job.name, slot, slots, since, timezone: job.schedule.timezone });
  const resultRule =
    job.result &&
    `Your final answer must be one JSON value, and nothing else, that fits this JSON Schema:\n${JSON.stringify(job.result)}`;
  const system = [job.system && fill(job.system), resultRule].filter(Boolean).join('\n\n');
  const failureNote =
    job.retry.note && note
      ? `\n\nAn earlier attempt at this failed: ${note}. It left nothing behind that you can see.`
      : '';
  return { system: system || undefined, prompt: fill(job.prompt) + failureNote };
};
