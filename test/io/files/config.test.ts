import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configuredJobList, configuredJobs, configuredScripts, environment } from '../../../lib/io/files/config.ts';
import { type Declared, writeConfig } from '../../../lib/io/files/job-files.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { job } from '../../kit/job.ts';
import { temporaryDirectory } from '../../kit/temporary-directory.ts';

const scripts: Declared['scripts'] = { s: { attempts: [[{ text: 'Done.' }]] } };

/** A configuration directory with these files. */
const directory = (files: Record<string, string>): string => {
  const dir = temporaryDirectory();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
};

describe('the environment of a function', () => {
  const variables = { NIGHTSHIFT_TABLE: 't', NIGHTSHIFT_CONFIG: 'config' };

  it('gives its settings, with empty names where a function has no state machine and no schedules', () => {
    expect(environment(variables)).toEqual({ table: 't', config: 'config', stateMachineArn: '', scheduleGroup: '' });
    const more = { NIGHTSHIFT_STATE_MACHINE_ARN: 'arn', NIGHTSHIFT_SCHEDULE_GROUP: 'group', OTHER: 'x' };
    expect(environment({ ...variables, ...more })).toEqual({
      table: 't',
      config: 'config',
      stateMachineArn: 'arn',
      scheduleGroup: 'group',
    });
  });

  it.each(['NIGHTSHIFT_TABLE', 'NIGHTSHIFT_CONFIG'])('is InvalidEvent without %s, or with an empty one', (name) => {
    const failure = expect.objectContaining({ name: 'InvalidEvent', message: expect.stringContaining(name) });
    expect(() => environment({ ...variables, [name]: undefined })).toThrow(failure);
    expect(() => environment({ ...variables, [name]: '' })).toThrow(failure);
  });

  it('is refused with the name of each missing variable', async () => {
    const { message } = await failureOf(Promise.resolve().then(() => environment({})));
    for (const name of Object.keys(variables)) expect(message).toContain(name);
  });
});

describe('the configured jobs', () => {
  it('are those that were written, each found by its name', async () => {
    const config = join(temporaryDirectory(), 'config');
    const [night, day] = [job({}, 'night'), job({ model: 'scripted/s' }, 'day')];
    await writeConfig(config, { jobs: [night, day], scripts });
    expect(await configuredJobList(config)).toEqual([night, day]);
    expect(await configuredJobs(config)('day')).toEqual(day);
    expect(await configuredJobs(config)('dawn')).toBeUndefined();
    expect(readdirSync(dirname(config))).toEqual(['config']);
  });

  it('are read again for each look-up, so that a new configuration is used at once', async () => {
    const config = join(temporaryDirectory(), 'config');
    const jobs = configuredJobs(config);
    await writeConfig(config, { jobs: [job({}, 'night')], scripts: {} });
    expect(await jobs('night')).toMatchObject({ name: 'night' });
    await writeConfig(config, { jobs: [], scripts: {} });
    expect(await jobs('night')).toBeUndefined();
  });

  it.each(['{}', '[7]', '["../night"]', 'null'])('are InvalidJob if jobs.json is %s', async (text) => {
    const config = directory({ 'jobs.json': text });
    const failure = { name: 'InvalidJob', message: expect.stringContaining('jobs.json') };
    expect(await failureOf(configuredJobList(config))).toMatchObject(failure);
  });

  it.each(['{}', '[7]', '{ "name": "night" }', 'null'])('are InvalidJob if the file of one is %s', async (text) => {
    const config = directory({ 'jobs.json': '["night"]', 'jobs/night.json': text });
    const failure = { name: 'InvalidJob', message: expect.stringContaining('jobs/night.json') };
    expect(await failureOf(configuredJobList(config))).toMatchObject(failure);
    expect(await failureOf(configuredJobs(config)('night'))).toMatchObject(failure);
  });

  it('are looked up one by one: the file of another job is not read', async () => {
    const config = join(temporaryDirectory(), 'config');
    await writeConfig(config, { jobs: [job({}, 'night'), job({}, 'day')], scripts: {} });
    writeFileSync(join(config, 'jobs/day.json'), 'broken');
    expect(await configuredJobs(config)('night')).toMatchObject({ name: 'night' });
  });

  it.each(['../jobs', 'a/b', '', 'Night', 'night.json'])('have none called %j, which is no name', async (name) => {
    const config = directory({ 'jobs.json': '[]', 'jobs/night.json': '{}' });
    expect(await configuredJobs(config)(name)).toBeUndefined();
  });

  it('are not taken for missing where the configuration itself is', async () => {
    await expect(configuredJobs(temporaryDirectory())('night')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a configured script', () => {
  it('is the one that was written, and undefined if there is none', async () => {
    const config = join(temporaryDirectory(), 'config');
    await writeConfig(config, { jobs: [], scripts });
    expect(await configuredScripts(config)('s')).toEqual(scripts.s);
    expect(await configuredScripts(config)('t')).toBeUndefined();
  });

  it.each(['../jobs', 'a/../../jobs', 's\n', ''])('is undefined for %j, which is no file name', async (name) => {
    const config = directory({ 'jobs.json': '[]', 'scripts/a/x.json': '{}', 'scripts/.json': '{}' });
    writeFileSync(join(config, 'scripts/s\n.json'), '{}');
    expect(await configuredScripts(config)(name)).toBeUndefined();
  });

  it('that cannot be read stops with its own error and is not taken for a missing one', async () => {
    const config = directory({ 'scripts/cut.json': '{"attempts":' });
    mkdirSync(join(config, 'scripts/folder.json'));
    await expect(configuredScripts(config)('cut')).rejects.toThrow(SyntaxError);
    await expect(configuredScripts(config)('folder')).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
