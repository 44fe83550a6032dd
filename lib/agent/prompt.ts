import type { FailureName } from '../failure.ts';
import { fillPlaceholders } from '../job/placeholder.ts';
import type { Run } from '../run/run.ts';

/** How every session of a run begins: the same for each attempt, but for the failure note where the job asks for it. */
export type Prompt = { system: string | undefined; prompt: string };

/** The first prompt of an attempt, made from the run and the declared note alone. */
export const firstPrompt = (run: Run, note: FailureName | null): Prompt => {
  const { job, id, slot, slots, since } = run;
  const fill = (text: string) =>
    fillPlaceholders(text, { id, job: job.name, slot, slots, since, timezone: job.schedule.timezone });
  const typed =
    job.result &&
    `Your final answer must be one JSON value, and nothing else, that fits this JSON Schema:\n${JSON.stringify(job.result)}`;
  const system = [job.system && fill(job.system), typed].filter(Boolean).join('\n\n');
  const noted =
    job.retry.note && note
      ? `\n\nAn earlier attempt at this failed: ${note}. It left nothing behind that you can see.`
      : '';
  return { system: system || undefined, prompt: fill(job.prompt) + noted };
};
