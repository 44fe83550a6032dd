import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type JobFiles, readJobs, readNewJob, repositoryFiles, writeConfig } from '../../../lib/io/files/job-files.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { temporaryDirectory } from '../../kit/temporary-directory.ts';

const good = ['schedule: { rate: 1 hour }', 'model: anthropic/claude', 'prompt: Go.'];

/** The files of a directory of the test's own. */
const written = (files: Record<string, string[]>): JobFiles => {
  const dir = temporaryDirectory();
  const all = { 'tools/http_get.ts': [''], ...files };
  for (const [file, lines] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), lines.join('\n'));
  }
  const [jobs, scripts, tools] = [join(dir, 'jobs'), join(dir, 'scripts'), join(dir, 'tools')];
  return { jobs, scripts, tools, holidays: join(dir, 'holidays'), connections: join(dir, 'connections') };
};
/** The reported problems, one line each, without the directory. */
const saidOf = async (files: JobFiles): Promise<string[]> => {
  const failure = await failureOf(readJobs(files));
  expect(failure.name).toBe('InvalidJob');
  return failure.message.split('\n').map((line) => line.replaceAll(`${dirname(files.jobs)}/`, ''));
};
const played = ['attempts:', '  - - text: Done.'];
const scripted = (name: string) => ['schedule: { rate: 1 hour }', `model: scripted/${name}`, 'prompt: Go.'];

describe('the directory of job files', () => {
  it('of this repository is valid', async () => {
    const { jobs, scripts } = await readJobs(repositoryFiles);
    expect(jobs.map(({ name }) => name)).toContain('night-report');
    expect(Object.keys(scripts)).toContain('night-report');
  });

  it('may be empty', async () => {
    expect(await readJobs(written({}))).toEqual({ jobs: [], scripts: {}, connections: [] });
  });

  it('is read in the order of names, with every script', async () => {
    const files = written({
      'jobs/b.yaml': good,
      'jobs/a.yml': scripted('s'),
      'jobs/notes.md': ['x'],
      'scripts/s.yml': played,
    });
    const { jobs, scripts } = await readJobs(files);
    expect(jobs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(scripts).toEqual({ s: { attempts: [[{ text: 'Done.' }]] } });
  });

  it('is rejected with all problems of all files', async () => {
    const files = written({
      'jobs/a.yml': [...good, 'tools: [http_get, http_post]'],
      'jobs/b.yml': scripted('missing'),
      'jobs/c.yml': [...good, 'result:', '  type: thing'],
      'jobs/d.yml': [...good, 'limits: { steps: 0 }', 'result: { type: thing }'],
      'jobs/e.yml': ['schedule: ['],
      'scripts/s.yml': ['attempts:', '  - - text: Done.', '      error: { name: Nope }'],
    });
    const problems = await saidOf(files);
    expect(problems).toEqual([
      'jobs/a.yml:4:19 tools.1: unknown tool "http_post", expected one of http_get',
      expect.stringMatching(/^jobs\/b\.yml:2:1 model: no script \S*missing\.yml, expected one of s$/),
      expect.stringMatching(/^jobs\/c\.yml:4:1 result: /),
      expect.stringMatching(/^jobs\/d\.yml:4:11 limits\.steps: /),
      expect.stringMatching(/^jobs\/d\.yml:5:1 result: the job's result is no JSON Schema: /),
      expect.stringMatching(/^jobs\/e\.yml:1:\d+ /),
      expect.stringMatching(/^scripts\/s\.yml:3:\d+ attempts\.0\.0\.error\.name: /),
    ]);
  });

  it('is rejected when two files have the same name and different extensions', async () => {
    const problems = await saidOf(written({ 'jobs/a.yml': good, 'jobs/a.yaml': good }));
    expect(problems).toEqual([expect.stringMatching(/^jobs\/a\.yml:1:1 duplicate job: a\.yaml has this name too$/)]);
  });

  it('lets a job exclude the dates of a file of holidays', async () => {
    const files = written({
      'jobs/a.yml': ['schedule: { rate: 1 hour, exclude: [be] }', ...good.slice(1)],
      'holidays/be.yml': ['# Why', '2027-07-21: Nationale feestdag', '2026-12-25: Kerstmis'],
    });
    const [job] = (await readJobs(files)).jobs;
    expect(job?.schedule.exclude).toEqual(['2026-12-25', '2027-07-21']);
  });

  it('is rejected with the problems of a file of holidays, reported once and at that file', async () => {
    const files = written({
      'jobs/a.yml': ['schedule: { rate: 1 hour, exclude: [be, de, fr] }', ...good.slice(1)],
      'holidays/be.yml': ['2027-02-30: Feest', '2027-07-21:', 'Kerstmis: 2026-12-25'],
      'holidays/de.yml': ['- 2026-12-25'],
      'holidays/fr.yml': ['2027-07-14: a', '2027-07-14: b'],
      'holidays/New Year.yml': ['2027-01-01: New Year'],
    });
    expect(await saidOf(files)).toEqual([
      'holidays/New Year.yml:1:1 the name of a holiday file must be 1 to 40 of a-z, 0-9 and -, starting with a letter',
      'holidays/be.yml:1:1 2027-02-30: day: found 30, expected 1-28',
      'holidays/be.yml:2:1 2027-07-21: found no name, expected the name of the day, like Christmas',
      'holidays/be.yml:3:1 Kerstmis: found "Kerstmis", expected a date like 2026-12-25',
      'holidays/de.yml:1:1 expected dates with their names, like 2026-12-25: Christmas',
      'holidays/fr.yml:2:1 Map keys must be unique',
    ]);
  });

  it('is rejected for a past one-time job, if the caller checks for that', async () => {
    const files = written({ 'jobs/a.yml': ['schedule: { at: 2027-01-01T00:00:00 }', ...good.slice(1)] });
    const over = new Date('2027-01-01T00:00:00Z');
    expect((await failureOf(readJobs(files, over))).message).toContain(
      'a.yml:1:13 schedule.at: found 2027-01-01T00:00:00',
    );
    expect((await readJobs(files, new Date('2026-12-31T23:59:59Z'))).jobs).toHaveLength(1);
    expect((await readJobs(files)).jobs).toHaveLength(1);
  });

  it('is rejected when a job names a script and no script exists', async () => {
    expect(await saidOf(written({ 'jobs/a.yml': scripted('s') }))).toEqual([
      expect.stringMatching(/^jobs\/a\.yml:2:1 model: no script scripts\/s\.yml, and there is no other script$/),
    ]);
  });

  it('that cannot be listed ends the read with the error of the file system', async () => {
    const files = written({ 'jobs/a.yml': good, holidays: ['a file in the place of the folder'] });
    await expect(readJobs(files)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('a job file that is not written yet', () => {
  const now = new Date('2027-01-01T00:00:00Z');
  const read = (files: JobFiles, file: string, lines: string[]) => readNewJob(files, file, lines.join('\n'), now);

  it('gives its job, and stays unwritten', async () => {
    const files = written({ 'jobs/a.yml': good });
    expect(await read(files, 'b.yml', good)).toMatchObject({ name: 'b', prompt: 'Go.' });
    expect(readdirSync(files.jobs)).toEqual(['a.yml']);
  });

  it('is checked together with the files on the disk', async () => {
    const files = written({ 'jobs/a.yml': good, 'jobs/bad.yml': [...good, 'colour: red'] });
    const failure = await failureOf(read(files, 'a.yaml', [...good, 'tools: [nope]']));
    expect(failure.name).toBe('InvalidJob');
    expect(failure.message).toContain('bad.yml:4:1 colour: unknown field');
    expect(failure.message).toContain('duplicate job: a.yml has this name too');
    expect(failure.message).toContain('a.yaml:4:9 tools.0: unknown tool "nope"');
  });

  it('is refused if its only time has passed', async () => {
    const passed = ['schedule: { at: 2026-12-31T00:00:00 }', ...good.slice(1)];
    expect(await failureOf(read(written({}), 'a.yml', passed))).toMatchObject({
      name: 'InvalidJob',
      message: expect.stringContaining('which is in the past'),
    });
  });
});

describe('a file that would be read wrongly or not at all', () => {
  it('is rejected if it is not UTF-8, at the first byte that no such text has', async () => {
    const files = written({ 'jobs/a.yml': scripted('s'), 'scripts/s.yml': played });
    writeFileSync(join(files.jobs, 'b.yml'), Buffer.from('prompt: Go.\ndescription: caf\xe9\n', 'latin1'));
    expect((await failureOf(readJobs(files))).message).toMatch(
      /b\.yml:2:17 found a byte that is not UTF-8, expected a file saved as UTF-8/,
    );
  });

  it.each(['jobs/B.YML', 'scripts/b.Yaml', 'holidays/nl.YAML'])(
    'is rejected for its ending in capitals: %s',
    async (file) => {
      const files = written({ 'jobs/a.yml': scripted('s'), 'scripts/s.yml': played, [file]: ['{}'] });
      expect((await failureOf(readJobs(files))).message).toContain(
        `${file}:1:1 found an ending in capitals, expected .yml`,
      );
    },
  );
});

describe('the written configuration', () => {
  it('replaces all of the one before, and leaves nothing beside it', async () => {
    const files = written({ 'jobs/a.yml': scripted('s'), 'scripts/s.yml': played });
    const directory = join(temporaryDirectory(), 'config');
    const declared = await readJobs(files);
    await writeConfig(directory, declared);
    expect(JSON.parse(readFileSync(join(directory, 'jobs.json'), 'utf8'))).toEqual(['a']);
    expect(JSON.parse(readFileSync(join(directory, 'jobs/a.json'), 'utf8'))).toEqual(declared.jobs[0]);
    expect(readdirSync(join(directory, 'scripts'))).toEqual(['s.json']);
    await writeConfig(directory, { jobs: [], scripts: {} });
    expect(JSON.parse(readFileSync(join(directory, 'jobs.json'), 'utf8'))).toEqual([]);
    expect(readdirSync(join(directory, 'jobs'))).toEqual([]);
    expect(readdirSync(join(directory, 'scripts'))).toEqual([]);
    expect(readdirSync(dirname(directory))).toEqual(['config']);
  });

  it('holds nothing of a write that was interrupted', async () => {
    const directory = join(temporaryDirectory(), 'config');
    const left = `${directory}.${process.pid}.new/scripts`;
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'old.json'), '{}');
    await writeConfig(directory, { jobs: [], scripts: {} });
    expect(readdirSync(join(directory, 'scripts'))).toEqual([]);
  });
});
