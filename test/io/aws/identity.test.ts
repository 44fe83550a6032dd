import { expect, test } from 'vitest';
import { awsIdentity } from '../../../lib/io/aws/identity.ts';

const use = { what: 'a test', cure: 'AWS_PROFILE' };

test('credentials of the environment come first, with their session', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  expect(await awsIdentity(keys, 'eu-west-1', use)).toEqual({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' });
  expect(await awsIdentity({ ...keys, AWS_SESSION_TOKEN: 'token' }, 'eu-west-1', use)).toMatchObject({
    sessionToken: 'token',
  });
});
