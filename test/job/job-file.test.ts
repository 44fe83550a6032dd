import { describe, expect, it } from 'vitest';
import { problemText, type Referable, readJobFile, readYaml } from '../../lib/job/job-file.ts';

const good = ['schedule: { rate: 1 hour }', 'model: anthropic/claude', 'prompt: Go.'];
const known: Referable = {
  tools: ['http_get', 'list_runs'],
  holidays: { nl: ['2027-04-27', '2026-12-25'], xx: [] },
  connections: { github: [], mirror: [], resize: ['resize'], list: ['list_runs'] },
  clash: (one, other) =>
    [one, other].sort().join() === 'github,mirror' ? `${one} and ${other} share a.test` : undefined,
};

/** All problems reported for a file, without its name. */
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
    [
      'no whole number',
      ['limits: { steps: 2.5 }'],
      /^4:11 limits\.steps: found a number \(2\.5\), expected a whole number$/,
    ],
    ['a limit of nothing', ['limits:', '  seconds: 0'], /^5:3 limits\.seconds: .*>0/],
    ['a negative limit', ['limits:', '  usd: -1'], /^5:3 limits\.usd: .*>0/],
    [
      'an endless limit',
      ['limits:', '  usd: .inf'],
      /^5:3 limits\.usd: found a number \(Infinity\), expected a finite number$/,
    ],
    ['nothing in a field', ['retry:'], /^4:1 retry: found nothing, expected fields$/],
    [
      'an unknown tool',
      ['tools:', '  - http_get', '  - nope'],
      '6:5 tools.1: unknown tool "nope", expected one of http_get, list_runs',
    ],
    ['tools that are no list', ['tools: http_get'], /^4:1 tools: found text, expected a list$/],
    [
      'a tool that is no text',
      ['tools:', '  - 3'],
      /^5:5 tools\.0: found a number \(3\), expected text: put it in quotes$/,
    ],
    ['a URL as a host', ['allow: [https://example.com/x]'], /^4:9 allow\.0: must be a host like api\.example\.com/],
    [
      'a domain of everyone',
      ['allow:', '  - example.com', '  - "*.com"'],
      /^6:5 allow\.1: found \*\.com, under which anyone/,
    ],
    ['a result that is no schema', ['result: text'], /^4:1 result: found text, expected fields$/],
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

  it('names connections, whose tools count as the job’s', () => {
    const lines = [...good, 'connections: [github, resize]', 'needs: [resize]', 'limits: { effects: { resize: 1 } }'];
    expect(said(lines)).toEqual([]);
  });

  it.each([
    [
      '[githup]',
      /connections\.0: unknown connection "githup", expected one of github, mirror, resize, list, did you mean github\?$/,
    ],
    ['[github, github]', /connections\.1: found github twice, expected it once$/],
    ['[github, mirror]', /connections\.1: mirror and github share a\.test$/],
    ['[list]', /connections\.0: its tool list_runs has the name of a file in lib\/tools$/],
    ['[github]\nneeds: [resize]', /needs\.0: found "resize", which is no tool of the job/],
  ])('with the connections %s is rejected', (connections, problem) => {
    expect(said([...good, `connections: ${connections}`])).toEqual([expect.stringMatching(problem)]);
  });

  it('says in its own words what is missing or of the wrong kind', () => {
    expect(said(['schedule: { rate: 1 hour }', 'model: anthropic/x', 'promt: Go.'])).toEqual([
      '1:1 prompt: missing, expected text',
      '3:1 promt: unknown field, did you mean prompt?',
    ]);
    expect(said([...good, 'description: 9', 'enabled: "no"'])).toEqual([
      expect.stringMatching(/description: found a number \(9\), expected text: put it in quotes$/),
      expect.stringMatching(/enabled: found text, expected true or false$/),
    ]);
  });

  describe('that would never run again', () => {
    const now = new Date('2027-03-28T12:00:00Z');
    const saidOf = (schedule: string, when: Date | undefined = now) =>
      said([`schedule: { ${schedule} }`, ...good.slice(1)], 'night.yml', when);
    const remedy =
      'expected one that is still due. Remove the file or set enabled: false; the history of its runs stays';

    it.each([
      ['cron: 0 9 1 1 ? 2020', 'cron', 'found 0 9 1 1 ? 2020, whose last slot was 2020-01-01T09:00:00Z'],
      [
        'cron: 0 9 * * ? 2026-2027, end: 2027-03-28T09:00:00',
        'end',
        'found 2027-03-28T09:00:00, whose last slot was 2027-03-28T09:00:00Z',
      ],
      [
        'rate: 1 day, start: 2027-01-01T10:00:00, end: 2027-01-09T09:00:00',
        'end',
        'found 2027-01-09T09:00:00, whose last slot was 2027-01-08T10:00:00Z',
      ],
    ])('is rejected at the field that ends it: %s', (schedule, field, found) => {
      expect(saidOf(schedule)).toEqual([expect.stringContaining(`schedule.${field}: ${found}, ${remedy}`)]);
      expect(said([`schedule: { ${schedule} }`, ...good.slice(1)])).toEqual([]);
    });

    it.each([
      ['cron: 0 9 1 6 ? *, start: 2027-07-01T00:00:00, end: 2027-12-01T00:00:00', 'end'],
      ['cron: 0 9 24 12 ? 2027, exclude: [2027-12-24]', 'cron'],
    ])('is rejected where no slot is left: %s', (schedule, field) => {
      expect(saidOf(schedule)).toEqual([
        expect.stringMatching(
          new RegExp(`schedule\\.${field}: found .*, by which the job has no slot, expected at least one$`),
        ),
      ]);
    });

    it('is not rejected while a slot is ahead', () => {
      expect(saidOf('cron: 0 9 1 1 ? 2020-2030')).toEqual([]);
      expect(saidOf('rate: 1 day, end: 2027-03-30T00:00:00')).toEqual([]);
    });
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
      expect(said(once('2027-03-28T14:01:00'), 'night.yml', now)).toEqual([]);
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
