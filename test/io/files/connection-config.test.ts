import { expect, test } from 'vitest';
import { configuredConnection } from '../../../lib/io/files/connection-config.ts';
import { writeConfig } from '../../../lib/io/files/job-files.ts';
import { http } from '../../kit/connection.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { temporaryDirectory } from '../../kit/temporary-directory.ts';

test('a connection is read from its own file of the configuration, and no other name leads out of it', async () => {
  const config = `${temporaryDirectory()}/config`;
  await writeConfig(config, { jobs: [], scripts: {}, connections: [http()] });
  const read = configuredConnection(config);
  expect(await read('github')).toEqual(http());
  for (const name of ['gitlab', '../connections/github', '', 'GitHub'])
    expect(await failureOf(read(name))).toMatchObject({ name: 'UnknownConnection' });
});
