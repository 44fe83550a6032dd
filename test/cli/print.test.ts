import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import { hint as hintOf } from '../../infra/cli/client/target.ts';
import { listed } from '../../infra/cli/command/runs.ts';
import { cost, duration } from '../../infra/cli/print/format.ts';
import { drawn, toned } from '../../infra/cli/print/line.ts';
import { brief, json, sanitize } from '../../infra/cli/print/sanitize.ts';
import { tableLines } from '../../infra/cli/print/table.ts';
import { terminal } from '../../infra/cli/print/terminal.ts';
import { doing, timeline } from '../../infra/cli/print/timeline.ts';
import { Job } from '../../lib/job/job.ts';
import type { RunHistory } from '../../lib/report/run-history.ts';
import type { Step } from '../../lib/run/step.ts';
import { noUsage } from '../../lib/usage.ts';

const uncoloured = createColors(false);
const hostile = '\u001b[2J\u001b]0;owned\u0007red\u001b[31m \u009b5mblink\u202eabc\r\u0008';

test('removes from a text whatever could control a terminal', () => {
  expect(sanitize(hostile)).toBe('red blinkabc');
  expect(sanitize('a\tb\nc – ✓ ü 漢')).toBe('a\tb\nc – ✓ ü 漢');
});

test('prints JSON of the same value without characters that control a terminal', () => {
  const printed = json({ hostile });
  expect(printed).toMatch(/^[\n -~]*$/);
  expect(JSON.parse(printed)).toEqual({ hostile });
});

test('shortens a text to one line that ends with an ellipsis', () => {
  expect(brief('  two\n words ', 20)).toBe('two words');
  expect(brief('abcdef', 4)).toBe('abc…');
  expect(brief('👍👍👍', 2)).toBe('👍…');
});

test('cuts a line at the width of the terminal, its margin included', () => {
  const line = { key: '', elapsedMs: 61_000, segments: ['one ', toned('dim', 'two three')] };
  expect(drawn(line, uncoloured)).toBe('1 min 01 s  one two three');
  expect(drawn(line, uncoloured, 20)).toBe('1 min 01 s  one two…');
  expect(drawn({ ...line, whole: true }, uncoloured, 20)).toBe('1 min 01 s  one two three');
});

const family = '👨‍👩‍👧‍👦';
const accented = 'e\u0301';

test('shortens a text after a whole character, without splitting accents or joined emoji', () => {
  expect(brief(`ab${family}c`, 7)).toBe('ab…');
  expect(brief(`ab${family}c`, 10)).toBe(`ab${family}c`);
  expect(brief(`a${accented}bc`, 3)).toBe('a…');
  expect(brief(`a${accented}bc`, 4)).toBe(`a${accented}…`);
});

test.each([
  ['漢字 wide', 5, '漢字…'],
  ['漢字 wide', 4, '漢…'],
  [`${family} at home`, 6, `${family} at…`],
  [`${family} at home`, 2, '…'],
  ['👍🏽👍🏽👍🏽', 5, '👍🏽👍🏽…'],
  [`${accented.repeat(4)}x`, 4, `${accented.repeat(3)}…`],
  ['🇳🇱 Amsterdam', 3, '🇳🇱…'],
])('cuts %s at %i columns of the terminal, after a whole character', (text, columns, expected) => {
  expect(drawn({ key: '', segments: [text] }, uncoloured, columns)).toBe(expected);
});

test('cuts a line of several segments by their columns', () => {
  const line = { key: '', elapsedMs: 61_000, segments: ['日本 ', toned('dim', `${accented}cho ok`)] };
  expect(drawn(line, uncoloured, 21)).toBe(`1 min 01 s  日本 ${accented}ch…`);
  expect(drawn(line, uncoloured, 24)).toBe(`1 min 01 s  日本 ${accented}cho ok`);
});

test('writes an unknown price as unknown and a tiny one as more than nothing', () => {
  expect([null, 0, 0.00001, 0.0123, 12.345].map(cost)).toEqual(['–', '$0', '<$0.0001', '$0.0123', '$12.35']);
  expect([0, 849, 59_940, 59_960, 3_723_000].map(duration)).toEqual([
    '0.0 s',
    '0.8 s',
    '59.9 s',
    '1 min 00 s',
    '1 h 02 min',
  ]);
});

test('aligns a table without counting control sequences in a cell', () => {
  const lines = tableLines(
    [{ title: 'a' }, { title: 'n', amount: true }],
    [
      [`\u001b[1mlong`, '1'],
      ['b', '22'],
    ],
  );
  expect(lines.map((line) => drawn(line, uncoloured))).toEqual(['a      n', 'long   1', 'b     22']);
});

test('aligns a table by columns of the terminal: wide characters, emoji, combining marks, tabs', () => {
  const names = ['日本語', `${family} home`, `caf${accented}`, 'a\tb', 'ＡＢ'];
  const lines = tableLines(
    [{ title: 'name' }, { title: 'note' }, { title: '円', amount: true }],
    names.map((name) => [name, 'x', '1']),
  );
  expect(lines.map((line) => drawn(line, uncoloured))).toEqual([
    'name     note  円',
    '日本語   x      1',
    `${family} home  x      1`,
    `caf${accented}     x      1`,
    'a b      x      1',
    'ＡＢ     x      1',
  ]);
});

const job = Job.parse({
  name: 'report',
  schedule: { rate: '1 day', timezone: 'Asia/Tokyo' },
  model: 'scripted/report',
  prompt: 'Write.',
});
const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 22, 7) + seconds * 1000).toJSON();
const usage = { ...noUsage, inputTokens: 10, outputTokens: 2, usd: null };
const toolStep: Step = {
  number: 1,
  messages: [
    {
      role: 'assistant',
      content: [
        { type: 'text', text: hostile },
        { type: 'tool-call', toolCallId: 'c1', toolName: 'http_get', input: { url: '\u009b2J' } },
      ],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: 'c1',
          toolName: 'http_get',
          output: { type: 'error-text', value: 'gone\u001b[1A' },
        },
      ],
    },
  ],
  calls: ['unreachable'],
  usage,
  startedAt: at(2),
  modelMs: 1000,
  toolMs: 500,
};
const finalStep: Step = {
  number: 1,
  messages: [{ role: 'assistant', content: [{ type: 'text', text: 'Done.' }] }],
  calls: [],
  usage,
  startedAt: at(12),
  modelMs: 1000,
  toolMs: 0,
};

const run = { id: 'report_20261122T070000Z', slot: at(0).replace('.000', ''), job, startedAt: at(1), version: 1 };
const failed = {
  failure: 'ModelUnavailable' as const,
  message: 'overloaded',
  usage,
  endedAt: at(5),
  decision: { status: 'retry' as const, delaySeconds: 6 },
};
const attempt = { runId: run.id, startedAt: at(2), version: 1, prompt: { system: undefined, prompt: 'Write.' } };
const noted = { ...attempt, prompt: { system: undefined, prompt: 'Write. It failed.' } };

/** The history of one run at successive moments. */
const open: RunHistory = { run: { ...run, outcome: null }, attempts: [] };
const first = { ...attempt, number: 1, failed: null, steps: [] };
const stepped = { ...first, steps: [toolStep] };
const closed = { ...stepped, failed };
const second = { ...attempt, number: 2, failed: null, startedAt: at(11), steps: [] };
const answered = { ...second, steps: [finalStep] };
const outcome = { status: 'succeeded' as const, attempts: 2, steps: 1, usage, endedAt: at(14) };
const moments: RunHistory[] = [
  open,
  { ...open, attempts: [first] },
  { ...open, attempts: [stepped] },
  { ...open, attempts: [closed] },
  { ...open, attempts: [closed, second] },
  { ...open, attempts: [closed, answered] },
  { run: { ...run, outcome }, attempts: [closed, answered] },
];
const whole = moments.at(-1) ?? open;
const texts = (history: RunHistory): string[] => timeline(history).map((line) => drawn(line, uncoloured));

test('draws a run in the order of its events, with the time since its start, and sanitized', () => {
  expect(texts(whole)).toEqual([
    'job    report',
    'slot   Sunday 2026-11-22 16:00 Asia/Tokyo  (2026-11-22T07:00:00Z)',
    'run    report_20261122T070000Z',
    'model  scripted/report',
    '',
    '     1.0 s  attempt 1',
    '     2.5 s    step 1  model 1.0 s · tools 0.5 s · 12 tokens · –',
    '                “red blinkabc”',
    '                ✗ http_get {"url":""}  unreachable: gone',
    '     4.0 s    ✗ ModelUnavailable: overloaded',
    '                waits 6 s, then attempt 2',
    '    10.0 s  attempt 2  starts clean: its first prompt is that of attempt 1, to the letter',
    '    12.0 s    step 1  model 1.0 s · 12 tokens · –  final answer',
    '                “Done.”',
    '    13.0 s  ✓ succeeded after 2 attempts of at most 4  the last one in 1 step · 13.0 s · 12 tokens · –',
  ]);
});

test('adds lines to a timeline as a run continues, and changes none', () => {
  const pages = moments.map(texts);
  for (const [index, page] of pages.entries()) {
    const before = pages[index - 1] ?? [];
    expect(page.slice(0, before.length)).toEqual(before);
  }
  const keys = timeline(whole).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

test('says that a prompt has a note of what earlier attempts left', () => {
  const page = texts({ ...open, attempts: [closed, { ...noted, number: 2, failed: null, steps: [] }] });
  expect(page.at(-1)).toContain('starts clean, plus a note of what earlier attempts left');
});

test('says why no attempt follows a failed one', () => {
  const last = (failure: 'ModelUnavailable' | 'Unauthorized' | 'GaveUp') =>
    texts({ ...open, attempts: [{ ...first, failed: { ...failed, failure, decision: { status: 'give-up' } } }] }).at(
      -1,
    );
  expect(last('ModelUnavailable')).toContain('gives up: no attempt is left');
  expect(last('Unauthorized')).toContain('gives up: Unauthorized is not tried again');
  expect(last('GaveUp')).toContain('gives up: by this failure, a new attempt would not help');
});

test('draws a skipped run otherwise than a failed one', () => {
  const skipped = { status: 'skipped' as const, why: 'disabled' as const, usage: noUsage, endedAt: at(1) };
  expect(texts({ run: { ...run, outcome: skipped }, attempts: [] }).at(-1)).toContain('– skipped: disabled');
});

test('says what a run is doing by its items', () => {
  expect(moments.map((history) => doing(history, new Date(at(6))))).toEqual([
    'starting',
    'attempt 1: working on step 1',
    'attempt 1: working on step 2',
    'waiting 5.0 s before attempt 2',
    'attempt 2: working on step 1',
    'recording the outcome',
    undefined,
  ]);
  expect(doing({ ...open, attempts: [closed] }, new Date(at(60)))).toBe('starting attempt 2');
});

test('lists a run with its id and amounts on a narrow terminal, where the local time has no room', () => {
  const found = [{ ...run, outcome }];
  const page = (width: number) => listed(found, width).map((one) => drawn(one, uncoloured, width));
  const narrow = 'report_20261122T070000Z  succeeded         2  13.0 s      12     –';
  expect(page(80)[1]).toBe(narrow);
  expect(page(20)[1]).toBe(narrow);
  expect(page(120)[1]).toBe(`Sun 2026-11-22 16:00  ${narrow}`);
});

test('cuts neither a failure nor an outcome', () => {
  const message = `no key ${'x'.repeat(400)}`;
  const lost = { ...first, failed: { ...failed, message } };
  const page = timeline({ ...open, attempts: [lost] }).map((one) => drawn(one, uncoloured, 40));
  expect(page).toContain(`     4.0 s    ✗ ModelUnavailable: ${message}`);
  expect(timeline(whole).at(-1)?.whole).toBe(true);
});

test('quotes the path in a hint so that a shell can run it', () => {
  const hint = 'npx nightshift show id';
  expect(hintOf('show id', { data: '.nightshift' }, '.nightshift')).toBe(hint);
  expect(hintOf('show id', { data: '../a/b' }, '.nightshift')).toBe(`${hint} --data ../a/b`);
  expect(hintOf('show id', { data: "my dir/it's" }, '.nightshift')).toBe(`${hint} --data 'my dir/it'\\''s'`);
});

/** A stream that is a terminal, or not, and everything written to it. */
const screen = (isTTY: boolean, env: NodeJS.ProcessEnv = {}) => {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 30 }) as unknown as WriteStream & PassThrough;
  return { terminal: terminal(stream, env), written: () => String(stream.read() ?? '') };
};

test('colours lines, cuts them and shows a status line only on a terminal', () => {
  const [line] = [{ key: '', segments: [toned('good', 'a line of more than thirty letters')] }];
  const one = screen(true);
  one.terminal.print([line]);
  expect(one.written()).toBe('\u001b[32ma line of more than thirty le…\u001b[39m\n');
  one.terminal.show(() => 'waiting');
  expect(one.written()).toMatch(/ waiting$/);
  one.terminal.say('said');
  expect(one.written()).toBe('\r\u001b[2Ksaid\n');
  one.terminal.show();
  const other = screen(false);
  other.terminal.show(() => 'waiting');
  other.terminal.print([line]);
  expect(other.written()).toBe('a line of more than thirty letters\n');
});

test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('draws without colour under %j', (env) => {
  const { terminal: drab, written } = screen(true, env);
  drab.print([{ key: '', segments: [toned('bad', 'no')] }]);
  expect(written()).toBe('no\n');
});
