import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { firstPrompt } from '../../../../lib/agent/prompt.ts';
import { Job } from '../../../../lib/job/job.ts';
import { readJobFile, readYaml } from '../../../../lib/job/job-file.ts';
import { byteLength } from '../../../../lib/text.ts';
import { boundary, broken } from '../boundary.ts';
import { changed, edits, jsonEdit } from '../hostile-json.ts';
import { edited, textEdit } from '../hostile-text.ts';
import { jobFields, style, yamlText } from '../job-grammar.ts';

const file = 'infra/jobs/fuzzed.yml';
const known = { tools: ['http_get', 'http_post', 'list_runs', 'previous_result'] };
const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON Schema of a job file that editors use. */
const matchesSchema = new Ajv2020({ allErrors: true, strict: false, logger: false, validateFormats: false }).compile(
  JSON.parse(readFileSync('infra/job.schema.json', 'utf8')),
);

const cases = fc.record({
  fields: jobFields,
  style,
  changes: edits(jsonEdit, 3),
  scratches: edits(textEdit, 3),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;
type Problem = { file: string; line: number; column: number; path: string; message: string };

/** Whether a problem has a place in the text and a message. */
const isComplete = (text: string, problem: Problem): boolean => {
  const lines = text.split(/\r\n|\n/);
  const line = lines[problem.line - 1];
  return (
    problem.file === file &&
    line !== undefined &&
    problem.column >= 1 &&
    problem.column <= line.length + 2 &&
    problem.message.trim() !== '' &&
    byteLength(problem.message) <= 1000 &&
    byteLength(problem.path) <= 200
  );
};

/** Whether `job` holds every field of `given` with the same value. */
const holdsAll = (given: unknown, job: unknown): boolean => {
  if (!isFields(given)) return JSON.stringify(given) === JSON.stringify(job);
  return isFields(job) && Object.entries(given).every(([key, value]) => holdsAll(value, job[key]));
};

const run = (job: Job) => ({
  id: 'fuzzed_20261122T070000Z',
  slot: '2026-11-22T07:00:00Z',
  job,
  startedAt: '2026-11-22T07:00:00Z',
  outcome: null,
  version: 1,
});

/** Shows two texts around their first difference, with special characters as numbers. */
const differing = (found: string, expected: string): string => {
  const at = Array.from({ length: found.length }).findIndex((_, place) => found[place] !== expected[place]);
  const excerpt = (text: string) =>
    text.slice(Math.max(0, at - 30), at + 30).replaceAll(/[^ -~]/g, (letter) => `<${letter.charCodeAt(0)}>`);
  return `found ${excerpt(found)}, expected ${excerpt(expected)}`;
};

const acceptedFault = (job: Job): string | undefined => {
  const stored = JSON.parse(JSON.stringify(job));
  const back = JSON.stringify(Job.parse(stored));
  if (!isDeepStrictEqual(JSON.parse(back), stored))
    return `differs after it was written to the configuration: ${differing(back, JSON.stringify(job))}`;
  if (byteLength(JSON.stringify(run(job))) > 390 * 1024) return 'is accepted and too large to be recorded with a run';
  const { name: _, ...fields } = stored;
  if (!matchesSchema(fields))
    return `is refused by infra/job.schema.json: ${JSON.stringify(matchesSchema.errors?.[0])}`;
  const { prompt } = firstPrompt(run(job), { failure: null });
  return prompt.trim() === '' ? 'has a blank prompt' : undefined;
};

const textOf = ({ fields, style: written, changes, scratches }: Case): string => {
  const content = changed(fields, changes);
  return edited(yamlText(isFields(content) ? content : { prompt: content }, written), scratches);
};

const accepted = ({ fields }: Case, text: string, job: Job, asWritten: boolean): string => {
  const fault = acceptedFault(job);
  if (fault) return broken(`the job ${fault}`, text);
  return asWritten && !holdsAll(fields, job) ? broken('the job differs from its file', job) : 'accepted';
};

const refused = (text: string, problems: Problem[], asWritten: boolean): string => {
  if (asWritten && byteLength(text) < 200 * 1024) return broken('a valid job file is refused', { problems, text });
  const incomplete = problems.find((problem) => !isComplete(text, problem));
  const isNamed = problems.length > 0 && incomplete === undefined;
  return isNamed ? 'InvalidJob' : broken('a refusal lacks its place or its message', { incomplete, text });
};

/** Job files as text, valid and damaged. */
export const jobText = () =>
  boundary({
    cases,
    judge: (one) => {
      const text = textOf(one);
      const asWritten = one.changes.length === 0 && text === textOf({ ...one, scratches: [] });
      const read = readJobFile(readYaml(file, text), known);
      return 'job' in read ? accepted(one, text, read.job, asWritten) : refused(text, read.problems, asWritten);
    },
  });
