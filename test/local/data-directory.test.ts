import { chmodSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../infra/local/daemon/connect.ts';
import { privateDirectory, unusableDirectory } from '../../infra/local/daemon/data-directory.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const refusal = (code: string) => Object.assign(new Error(`${code}: refused, mkdir '/data'`), { code });

test.each([
  ['EACCES', 'this user may not write to the data directory /data: name another one with --data'],
  ['EPERM', 'this user may not write to the data directory /data: name another one with --data'],
  ['EROFS', 'the data directory /data is on a read-only disk: name a directory on another disk with --data'],
  ['ENOSPC', 'the disk of the data directory /data is full: free some space'],
  ['EDQUOT', 'the disk of the data directory /data is full: free some space'],
  ['ENOTDIR', 'the data directory /data is a file or lies below one: name another directory with --data'],
  ['EEXIST', 'the data directory /data is a file or lies below one: name another directory with --data'],
  ['ELOOP', 'the data directory /data cannot be used: name another one with --data'],
  ['constructor', 'the data directory /data cannot be used: name another one with --data'],
])('the local service says in one sentence what to do about a data directory refused with %s', (code, expected) => {
  const { name, message, cause } = unusableDirectory('/data', refusal(code));
  expect({ name, cause }).toEqual({ name: 'StoreUnavailable', cause: refusal(code) });
  expect(message).toContain(expected);
  expect(message).not.toMatch(/[\n.]/);
});

test('the local service does not start on a file, below a file or on a circle of links', async () => {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'file'), '');
  symlinkSync(join(dir, 'circle'), join(dir, 'circle'));
  for (const [name, code] of [
    ['file', 'EEXIST'],
    ['file/below', 'ENOTDIR'],
    ['circle', 'ELOOP'],
  ] as const)
    await expect(connect(join(dir, name)), name).rejects.toMatchObject({ name: 'StoreUnavailable', cause: { code } });
});

test('the local service does not start where its log cannot be written', async () => {
  const dir = temporaryDirectory();
  symlinkSync(join(dir, 'service.log'), join(dir, 'service.log'));
  await expect(connect(dir)).rejects.toMatchObject({ name: 'StoreUnavailable', cause: { code: 'ELOOP' } });
});

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('a data directory that was open to others is closed with all that lies in it', () => {
  const dir = temporaryDirectory();
  const data = join(dir, 'data');
  mkdirSync(join(data, 'table'), { recursive: true });
  mkdirSync(join(data, 'bin'));
  for (const name of ['table/log', 'table.ready', 'bin/tool']) writeFileSync(join(data, name), '');
  symlinkSync(dir, join(data, 'config'));
  for (const [name, mode] of [
    ['', 0o775],
    ['table', 0o755],
    ['table/log', 0o664],
    ['bin/tool', 0o755],
  ] as const)
    chmodSync(join(data, name), mode);
  const outside = modeOf(dir);
  expect(privateDirectory(data)).toBe(realpathSync(data));
  const found = ['', 'table', 'table/log', 'table.ready', 'bin/tool'].map((name) => modeOf(join(data, name)));
  expect(found).toEqual(['700', '700', '600', '600', '700']);
  expect(modeOf(dir)).toBe(outside);
});

test('a data directory with a file that every user may write to is refused', () => {
  const data = join(temporaryDirectory(), 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'service.json'), '{}');
  chmodSync(data, 0o777);
  chmodSync(join(data, 'service.json'), 0o666);
  expect(() => privateDirectory(data)).toThrow(
    `every user may write to ${realpathSync(data)}/service.json in the data directory`,
  );
});

test('a new data directory and all its parents that are new belong to this user alone', () => {
  const dir = temporaryDirectory();
  privateDirectory(join(dir, 'some', 'where'));
  expect([modeOf(join(dir, 'some')), modeOf(join(dir, 'some/where'))]).toEqual(['700', '700']);
});
