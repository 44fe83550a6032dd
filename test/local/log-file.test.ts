import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogFile } from '../../infra/local/lambda/log-file.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const line = (number: number): string => `${String(number).padStart(9, '0')}\n`;

test('a function log keeps the last lines in two files of bounded size, however much is written', () => {
  const dir = temporaryDirectory();
  const write = openLogFile(dir, 'attempt', 100);
  for (let number = 0; number < 1000; number += 1) write(line(number));
  expect(readdirSync(dir).toSorted()).toEqual(['attempt.jsonl', 'attempt.old.jsonl']);
  for (const file of readdirSync(dir)) expect(statSync(join(dir, file)).size).toBeLessThanOrEqual(100);
  const kept = ['attempt.old.jsonl', 'attempt.jsonl'].map((file) => readFileSync(join(dir, file), 'utf8')).join('');
  const first = 1000 - kept.length / 10;
  expect(kept).toBe(Array.from({ length: kept.length / 10 }, (_, at) => line(first + at)).join(''));
  expect(first).toBeLessThanOrEqual(990);
});

test('a function log counts what an earlier process has written', () => {
  const dir = temporaryDirectory();
  openLogFile(dir, 'attempt', 100)(line(1).repeat(9));
  openLogFile(dir, 'attempt', 100)(line(2).repeat(2));
  expect(readFileSync(join(dir, 'attempt.old.jsonl'), 'utf8')).toBe(line(1).repeat(9));
  expect(readFileSync(join(dir, 'attempt.jsonl'), 'utf8')).toBe(line(2).repeat(2));
});

test('a function log takes a line that is larger than the bound, in a file of its own', () => {
  const dir = temporaryDirectory();
  const write = openLogFile(dir, 'attempt', 100);
  for (const letter of ['a', 'b', 'c']) write(letter.repeat(200));
  expect(readFileSync(join(dir, 'attempt.jsonl'), 'utf8')).toBe('c'.repeat(200));
  expect(readFileSync(join(dir, 'attempt.old.jsonl'), 'utf8')).toBe('b'.repeat(200));
});
