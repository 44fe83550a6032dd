import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configuredJobs, configuredScripts } from '../../lib/io/files/config.ts';
import { type Declared, type JobFiles, readJobs, repositoryFiles, writeConfig } from '../../lib/io/files/job-files.ts';
import { problemText, type Referable, readJobFile, readYaml } from '../../lib/job/job-file.ts';
import { failureOf } from '../kit/failure-of.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const good = ['schedule: { rate: 1 hour }', 'model: anthropic/claude', 'prompt: Go.'];
const known: Referable = { tools: ['http_get', 'list_runs'], holidays: { nl: ['2027-04-27', '2026-12-25'], xx: [] } };

/** Everything that is said of a file, without its name. */
const said = (lines: string[], file = 'infra/jobs/night.yml', now?: Date): string[] => {
  const read = readJobFile(readYaml(file, lines.join('\n')), { ...known, now });
  return 'problems' in read ? read.problems.map((problem) => problemText(problem).slice(`${file}:`.length)) : [];
};

describe('a job file', () => {
  it('with a schedule, a model and a prompt is a job with the name of the file and the defaults', () => {
    const read = readJobFile(readYaml('infra/jobs/night.yml', good.join('\n')), known);
    expect(read).toMatchObject({
      job: {
        name: 'night',
        enabled: true,
        tools: [],
        retry: { attempts: 4, maxDelaySeconds: 30 },
        schedule: { timezone: 'UTC' },
      },
    });
  });

  it.each([
    ['an unknown field', ['toolz: [a]'], '4:1 toolz: unknown field, did you mean tools?'],
    [
      'an unknown field inside',
      ['limits:', '  steps: 3', '  stepz: 3'],
      '6:3 limits.stepz: unknown field, did you mean steps?',
    ],
    ['a number as a field', ['# why', '7: x'], '5:1 7: unknown field'],
    ['a field that would change objects', ['__proto__: { enabled: false }'], '4:1 __proto__: unknown field'],
    ['its own name', ['name: night'], /^4:1 name: unknown field: the name of the file/],
    ['no whole number', ['limits: { steps: 2.5 }'], /^4:11 limits\.steps: .*expected int/],
    ['a limit of nothing', ['limits:', '  seconds: 0'], /^5:3 limits\.seconds: .*>0/],
    ['a negative limit', ['limits:', '  usd: -1'], /^5:3 limits\.usd: .*>0/],
    ['an endless limit', ['limits:', '  usd: .inf'], /^5:3 limits\.usd: .*expected number/],
    ['nothing in a field', ['retry:'], /^4:1 retry: .*expected object/],
    [
      'an unknown tool',
      ['tools:', '  - http_get', '  - nope'],
      '6:5 tools.1: unknown tool "nope", expected one of http_get, list_runs',
    ],
    ['tools that are no list', ['tools: http_get'], /^4:1 tools: .*expected array/],
    ['a tool that is no text', ['tools:', '  - 3'], /^5:5 tools\.0: .*expected string/],
    ['a URL as a host', ['allow: [https://example.com/x]'], /^4:9 allow\.0: must be a host like api\.example\.com/],
    ['a result that is no schema', ['result: text'], /^4:1 result: .*expected record/],
  ])('with %s is rejected at the field', (_, more, problem) => {
    expect(said([...good, ...more])).toEqual(
      [expect.stringMatching(problem)].map((one) => (typeof problem === 'string' ? problem : one)),
    );
  });

  it.each([
    ['a cron of five fields', ['schedule:', '  cron: 0 7 * * *'], /^2:3 schedule\.cron: found 5 fields, expected 6/],
    ['a cron of no such hour', ['schedule:', '  cron: 0 25 * * ? *'], /^2:3 schedule\.cron: .*hours.*"25".*0-23/],
    [
      'a zone nobody knows',
      ['schedule:', '  rate: 1 hour', '  timezone: Mars/Base'],
      /^3:3 schedule\.timezone: found "Mars\/Base"/,
    ],
    ['a rate in words', ['schedule: { rate: hourly }'], /^1:13 schedule\.rate: found "hourly"/],
    [
      'an unknown field',
      ['schedule:', '  rate: 1 hour', '  zone: UTC'],
      /^3:3 schedule\.zone: unknown field zone, expected/,
    ],
    ['two of its kinds', ['schedule: { rate: 1 hour, at: 2026-12-24T18:00:00 }'], /^1:1 schedule: give exactly one/],
    ['nothing', ['schedule:'], /^1:1 schedule: expected an object with one of cron, rate, at/],
    [
      'an end that is no date',
      ['schedule:', '  rate: 1 hour', '  end: 2027-02-30T00:00:00'],
      /^3:3 schedule\.end: day: found 30/,
    ],
    [
      'an unknown field for clocks',
      ['schedule:', '  cron: 0 7 * * ? *', '  dst: { gaps: skip }'],
      /^3:10 schedule\.dst\.gaps: unknown field gaps, expected gap or fold/,
    ],
    [
      'holidays of nowhere',
      ['schedule:', '  rate: 1 hour', '  exclude:', '    - nl', '    - mars'],
      /^5:7 schedule\.exclude\.1: no file holidays\/mars\.yml, expected one of nl, xx, or a date$/,
    ],
    [
      'a date that is none',
      ['schedule:', '  rate: 1 hour', '  exclude: [nl, 2027-02-30]'],
      /^3:17 schedule\.exclude\.1: day: found 30, expected 1-28$/,
    ],
  ])('whose schedule has %s is rejected at the field', (_, schedule, problem) => {
    expect(said([...schedule, ...good.slice(1)])).toEqual([expect.stringMatching(problem)]);
  });

  it('has holiday names replaced by their dates, sorted and without duplicates', () => {
    const schedule = 'schedule: { rate: 1 hour, exclude: [2027-01-01, nl, 2026-12-25, xx] }';
    const read = readJobFile(readYaml('night.yml', [schedule, ...good.slice(1)].join('\n')), known);
    const exclude = ['2026-12-25', '2027-01-01', '2027-04-27'];
    expect(read).toMatchObject({ job: { schedule: { exclude } } });
  });

  describe('with a one-time schedule', () => {
    const once = (at: string, more = '') => [
      `schedule: { at: ${at}, timezone: Europe/Amsterdam${more} }`,
      ...good.slice(1),
    ];
    const now = new Date('2027-03-28T12:00:00Z');

    it('is rejected with a remedy when its time is past, if the caller checks for that', () => {
      const over = once('2027-03-28T14:00:00');
      expect(said(over, 'night.yml', now)).toEqual([
        '1:13 schedule.at: found 2027-03-28T14:00:00 in Europe/Amsterdam, which is in the past, expected a later time. Remove the file or set enabled: false; the history of its run stays',
      ]);
      expect(said(over)).toEqual([]);
      expect(said([...over, 'enabled: false'], 'night.yml', now)).toEqual([]);
      expect(said(once('2027-03-28T14:00:01'), 'night.yml', now)).toEqual([]);
    });

    it('is rejected when its local time does not exist, unless the gap rule is `after`', () => {
      const jumped = '2028-03-26T02:30:00';
      expect(said(once(jumped), 'night.yml', now)).toEqual([
        expect.stringMatching(/^1:13 schedule\.at: .*which clocks skip, expected .*dst: \{ gap: after \}$/),
      ]);
      expect(said(once(jumped, ', dst: { gap: after }'), 'night.yml', now)).toEqual([]);
    });
  });

  it.each([
    ['a model of no provider', 'model: gpt-9', /^2:1 model: must be one of anthropic\/…/],
    ['a blank prompt', 'prompt: "  "', /^3:1 prompt: must not be blank/],
    [
      'an unknown placeholder',
      'prompt: It is ${datum}.',
      '3:1 prompt: unknown placeholder ${datum} (write $${datum} for the plain text)',
    ],
  ])('with %s is rejected', (_, line, problem) => {
    const field = line.split(':')[0] ?? '';
    const said1 = said(good.map((other) => (other.startsWith(field) ? line : other)));
    expect(said1).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });

  it.each([
    ['a bracket left open', [...good, 'limits: {steps: 1'], /^\d:\d+ .*\}/],
    ['a field twice', [...good, 'prompt: Again.'], /^4:1 Map keys must be unique/],
    ['two documents', [...good, '---', 'a: 1'], /^4:1 /],
    ['an unknown tag', [...good, 'description: !run x'], /^4:14 Unresolved tag/],
    ['a tab for a space', ['schedule:', '\trate: 1 hour', ...good.slice(1)], /^2:\d+ /],
    ['an alias', [...good.slice(0, 2), 'prompt: &p Go.', 'system: *p'], /^4:9 found alias \*p, expected a value/],
    ['an alias of nothing', [...good, 'system: *nope'], /^4:9 found alias \*nope/],
  ])('that is not plain YAML, with %s, is rejected at the line', (_, lines, problem) => {
    expect(said(lines)[0]).toMatch(problem);
  });

  it('full of aliases that expand to a million values is rejected quickly, at each alias', () => {
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1,1]',
      ...'bcdefg'.split('').map((key, at) => {
        const before = 'abcdef'[at];
        return `${key}: &${key} [${Array(10).fill(`*${before}`).join(',')}]`;
      }),
    ];
    const problems = said([...bomb, ...good]);
    expect(problems).toHaveLength(60);
    expect(problems[0]).toMatch(/^2:8 found alias \*a/);
  });

  it.each([[''], ['# only a comment'], ['- a'], ['text'], ['null'], ['[]']])(
    'that contains %j is rejected with the missing fields',
    (text) => {
      const problems = said([text]);
      for (const field of ['schedule', 'model', 'prompt'])
        expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^[1-9]\\d*:[1-9]\\d* ${field}: .*expected`)));
    },
  );

  it('reports all its problems at once, each with its line, also after comments and long texts', () => {
    const problems = said([
      '# A job.',
      'schedule:',
      '  # at night',
      '  cron: 61 7 ? * ? *',
      '  timezone: europe/amsterdam',
      'prompt: |',
      '  Go',
      '',
      '  on with ${x} and ${y}.',
      'limits: { steps: 0, tokens: many }',
      'tools:',
      '  - nope',
      'colour: red',
    ]);
    const places = problems.map((problem) => /^(\S+) ([\w.]*):/.exec(problem)?.slice(1).join(' '));
    expect(new Set(places)).toEqual(
      new Set([
        '4:3 schedule.cron',
        '5:3 schedule.timezone',
        '2:1 model',
        '6:1 prompt',
        '10:11 limits.steps',
        '10:21 limits.tokens',
        '12:5 tools.0',
        '13:1 colour',
      ]),
    );
    expect(problems.filter((problem) => problem.startsWith('6:1'))).toHaveLength(2);
  });

  it('has correct line numbers with the line endings of Windows', () => {
    expect(said([`${good.join('\r\n')}\r\ncolour: red\r\n`])).toEqual(['4:1 colour: unknown field']);
  });

  it.each(['Night.yml', 'night report.yml', '7th.yml', `${'n'.repeat(41)}.yml`, '-.yml', '.yml'])(
    'with the name %s is rejected',
    (name) => {
      expect(said(good, `infra/jobs/${name}`)).toEqual([
        expect.stringMatching(/^1:1 the file's name is the job's name: it must be 1 to 40/),
      ]);
    },
  );
});

/** The files of a directory of the test's own. */
const written = (files: Record<string, string[]>): JobFiles => {
  const dir = temporaryDirectory();
  const all = { 'tools/http_get.ts': [''], ...files };
  for (const [file, lines] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), lines.join('\n'));
  }
  const [jobs, scripts, tools] = [join(dir, 'jobs'), join(dir, 'scripts'), join(dir, 'tools')];
  return { jobs, scripts, tools, holidays: join(dir, 'holidays') };
};
/** What is said of them, a line each, without the directory. */
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
    expect(await readJobs(written({}))).toEqual({ jobs: [], scripts: {} });
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

  it('becomes the configuration of the functions and replaces the previous one as a whole', async () => {
    const directory = join(temporaryDirectory(), 'config');
    const declared: Declared = await readJobs(
      written({ 'jobs/a.yml': scripted('s'), 'jobs/b.yml': good, 'scripts/s.yml': played }),
    );
    await writeConfig(directory, declared);
    expect(await configuredJobs(directory)('a')).toEqual(declared.jobs[0]);
    expect(await configuredJobs(directory)('c')).toBeUndefined();
    expect(await configuredScripts(directory)('s')).toEqual(declared.scripts.s);
    expect(await configuredScripts(directory)('../jobs')).toBeUndefined();
    await writeConfig(directory, { jobs: [], scripts: {} });
    expect(await configuredJobs(directory)('a')).toBeUndefined();
    expect(await configuredScripts(directory)('s')).toBeUndefined();
    expect(readdirSync(dirname(directory))).toEqual(['config']);
  });
});
