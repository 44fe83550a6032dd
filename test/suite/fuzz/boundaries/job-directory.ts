import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Failure } from '../../../../lib/failure.ts';
import { configuredJobs } from '../../../../lib/io/files/config.ts';
import { type Declared, readJobs, repositoryFiles, writeConfig } from '../../../../lib/io/files/job-files.ts';
import { boundary, broken, ending } from '../boundary.ts';
import { changed, edits, jsonEdit } from '../hostile-json.ts';
import { edited, textEdit } from '../hostile-text.ts';
import { jobFields, style, yamlText } from '../job-grammar.ts';

const byteEdit = fc.record({ at: fc.nat(4000), byte: fc.nat(255) });
const jobFile = fc.record({
  name: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('night.yml', 'a-1.yaml', 'b.yml') },
    fc.constantFrom('Night.yml', 'b.yaml', '.yml', 'two words.yml', 'é.yml', `${'n'.repeat(41)}.yml`),
  ),
  fields: jobFields.map((fields) => ({ ...fields, model: 'scripted/play' })),
  style,
  encoding: fc.oneof(
    { weight: 9, arbitrary: fc.constant<BufferEncoding>('utf8') },
    fc.constantFrom<BufferEncoding[]>('utf16le', 'latin1'),
  ),
  scratches: edits(textEdit, 12),
  bytes: edits(byteEdit, 12),
});
const cases = fc.record({
  jobs: fc.uniqueArray(jobFile, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
  script: edits(jsonEdit, 8),
});

type JobFile = typeof jobFile extends fc.Arbitrary<infer T> ? T : never;

const bytesOf = ({ fields, style: written, encoding, scratches, bytes }: JobFile): Buffer => {
  const buffer = Buffer.from(edited(yamlText(fields, written), scratches), encoding);
  for (const { at, byte } of bytes) if (buffer.length > 0) buffer[at % buffer.length] = byte;
  return buffer;
};

const play = {
  attempts: [
    [{ tools: [{ name: 'list_runs', input: {} }] }, { text: 'Done.', usage: { usd: 0.5 } }],
    [{ error: { name: 'ModelThrottled', retryAfterSeconds: 3 } }],
  ],
};

const configured = async (config: string, declared: Declared): Promise<string> => {
  await writeConfig(config, declared);
  for (const job of declared.jobs) {
    const back = await configuredJobs(config)(job.name);
    if (JSON.stringify(back) !== JSON.stringify(job))
      return broken('the configuration does not return a job as it was read', { job, back });
  }
  return 'accepted';
};

/** Whether a refusal begins with file, line and column. */
const namesItsPlace = (dir: string, { name, message }: Failure): boolean =>
  name === 'InvalidJob' && message.startsWith(`${dir}/`) && /^\S[^\n]*\.ya?ml:[1-9]\d*:[1-9]\d* ./.test(message);

/** Directories of job files and scripts with damaged bytes, read as the commands and the build read them. */
export const jobDirectory = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-fuzz-'));
  const files = { ...repositoryFiles, jobs: join(dir, 'jobs'), scripts: join(dir, 'scripts') };
  await mkdir(files.scripts);
  return boundary({
    cases,
    judge: async ({ jobs, script }) => {
      await rm(files.jobs, { recursive: true, force: true });
      await mkdir(files.jobs);
      await writeFile(join(files.scripts, 'play.yml'), JSON.stringify(changed(play, script)) ?? '');
      for (const job of jobs) await writeFile(join(files.jobs, job.name), bytesOf(job));
      const ended = await ending(() => readJobs(files));
      if ('value' in ended && ended.value.jobs.length === jobs.length)
        return configured(join(dir, 'config'), ended.value);
      if ('value' in ended) return broken('a job file was left out', ended.value.jobs);
      return namesItsPlace(dir, ended.failure)
        ? ended.refused
        : broken('the refusal does not begin with file, line and column', ended.failure);
    },
    close: () => rm(dir, { recursive: true, force: true }),
  });
};
