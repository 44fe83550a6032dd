import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { askOn } from '../../infra/cli/command/ask.ts';
import { check } from '../../infra/cli/command/check.ts';
import { type InitOptions, init, scheduleOf } from '../../infra/cli/command/init.ts';
import { capturedTerminal } from '../kit/captured-terminal.ts';
import { commandOutput } from '../kit/command-json.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const directory = (): string => {
  const infra = temporaryDirectory();
  for (const name of ['jobs', 'scripts']) mkdirSync(join(infra, name));
  writeFileSync(join(infra, 'scripts/fine.yml'), 'attempts: [[{ text: Fine. }]]');
  return infra;
};

const good = {
  schedule: '1 hour',
  timezone: 'Asia/Tokyo',
  model: 'scripted/fine',
  prompt: 'Write: the ${date} report.',
};
const made = async (name: string, options: InitOptions, ask?: (question: string, usual: string) => Promise<string>) => {
  const [out, err] = [capturedTerminal(), capturedTerminal()];
  const exitCode = await init(name, options, '.nightshift', { out: out.out, err: err.out, ask });
  return { exitCode, out, err };
};

test.each([
  ['1 hour', { rate: '1 hour' }],
  ['rate(5 minutes)', { rate: '5 minutes' }],
  ['2199-12-24T18:00:00', { at: '2199-12-24T18:00:00' }],
  ['0 7 * * ? *', { cron: '0 7 * * ? *' }],
  ['cron(0 7 * * ? *)', { cron: '0 7 * * ? *' }],
])('init takes %s as a schedule', (text, expected) => {
  expect(scheduleOf(text)).toEqual(expected);
});

test('init writes a job file that passes check, from options alone', async () => {
  const infra = directory();
  const more = { description: 'A report: hourly', tool: ['http_get'], allow: ['example.com'] };
  const { exitCode, out } = await made('report', { infra, ...good, ...more, json: true });
  expect(exitCode).toBe(0);
  const file = join(infra, 'jobs/report.yml');
  expect(commandOutput('init', out.text())).toMatchObject({ job: 'report', file, timezone: 'Asia/Tokyo' });
  expect(await check({ infra }, capturedTerminal().out)).toBe(0);
  expect(readFileSync(file, 'utf8')).toMatch(/^# yaml-language-server: .*\ndescription: "?A report: hourly/);
  expect(readdirSync(join(infra, 'jobs'))).toEqual(['report.yml']);
});

test('init asks for what no option gives, again after an answer that is none, and offers an answer', async () => {
  const infra = directory();
  const answers = ['', '', 'gpt', 'scripted/fine', '', 'Go.'];
  const asked: string[] = [];
  const { err } = await made('report', { infra }, async (question) => {
    asked.push(question);
    return answers.shift() ?? '';
  });
  expect(asked).toHaveLength(6);
  expect(err.text()).toMatch(/^found "gpt", expected one of .*\nfound nothing, expected an answer\n$/);
  expect(readFileSync(join(infra, 'jobs/report.yml'), 'utf8')).toContain('cron: 0 7 * * ? *');
  expect(await check({ infra }, capturedTerminal().out)).toBe(0);
});

test('init asks again at once for a schedule, a time zone or a model that is wrong, also where it was an option', async () => {
  const infra = directory();
  const answers = ['0 7 * * ? *', 'CET', 'Asia/Tokyo', 'gpt', 'scripted/fine', 'Go.'];
  const asked: string[] = [];
  const { err, exitCode } = await made('report', { infra, schedule: '0 7 *' }, async (question) => {
    asked.push(question.split(' ', 2).join(' '));
    return answers.shift() ?? '';
  });
  expect(exitCode).toBe(0);
  expect(asked).toEqual(['When? A', 'In which', 'In which', 'Which model?', 'Which model?', 'What is']);
  expect(err.text()).toMatch(/^found 3 fields, expected 6.*\nfound "CET", expected Europe\/Brussels\nfound "gpt"/);
});

test('init refuses a name that is taken before it asks a question', async () => {
  const infra = directory();
  writeFileSync(join(infra, 'jobs/there.yaml'), 'schedule: { rate: 1 day }\nmodel: scripted/fine\nprompt: x\n');
  const never = () => Promise.reject(new Error('init has asked a question'));
  await expect(made('there', { infra }, never)).rejects.toMatchObject({ name: 'InvalidJob' });
});

test('init echoes each typed letter once, in every question', async () => {
  const fakeTty = () => Object.assign(new PassThrough(), { isTTY: true, columns: 80, setRawMode: () => {} });
  const [keyboard, screen] = [fakeTty(), fakeTty()];
  const ask = askOn(keyboard as unknown as ReadStream, screen as unknown as WriteStream);
  for (const answer of ['first', 'second', 'third']) {
    const answered = ask?.('What?', '');
    keyboard.write(`${answer}\r`);
    expect(await answered).toBe(answer);
    const seen = stripVTControlCharacters(String(screen.read()));
    expect(seen).toBe(`What?\n> ${answer}\r\n`);
  }
});

test.each([
  ['Bad Name', {}, /^<job>: found "Bad Name", must be 1 to 40/],
  ['there', {}, /there\.yaml: this file exists already/],
  ['report', { schedule: 'hourly' }, /report\.yml:\d+:\d+ schedule\.cron: /],
  ['report', { model: 'scripted/none' }, /no script scripts\/none\.yml/],
  ['report', { tool: ['hammer'] }, /unknown tool "hammer"/],
  ['report', { schedule: '2020-01-01T00:00:00' }, /which is in the past/],
  ['report', { prompt: undefined, model: undefined }, /^found no --model, --prompt, expected/],
])('init refuses %s with %j by a named error and writes nothing', async (name, options, message) => {
  const infra = directory();
  writeFileSync(join(infra, 'jobs/there.yaml'), 'schedule: { rate: 1 day }\nmodel: scripted/fine\nprompt: x\n');
  await expect(made(name, { infra, ...good, ...options } as InitOptions)).rejects.toMatchObject({
    name: 'InvalidJob',
    message: expect.stringMatching(message),
  });
  expect(readdirSync(join(infra, 'jobs'))).toEqual(['there.yaml']);
});
