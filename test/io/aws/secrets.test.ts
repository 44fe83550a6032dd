import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/failure.ts';
import { secrets } from '../../../lib/io/aws/secrets.ts';
import { closing } from '../../kit/open-model.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';

const { on, all } = closing();
afterEach(all);

type Answer = { status: number; body: unknown };

/** AWS as far as secrets need it: JSON over HTTP, the operation in a header. It records each request. */
const aws = async (answer: (operation: string) => Answer) => {
  const asked: { operation: string; body: unknown }[] = [];
  const { origin, close } = await listen(async (incoming, response) => {
    const operation = String(incoming.headers['x-amz-target']);
    asked.push({ operation, body: JSON.parse(String(await readBody(incoming))) });
    const { status, body } = answer(operation);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
  const client = {
    region: 'eu-west-1',
    endpoint: origin,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x' },
  };
  return on({ asked, client, close });
};

const inParameter = { ANTHROPIC_API_KEY_PARAMETER: '/nightshift/anthropic' };
const inSecret = { ANTHROPIC_API_KEY_SECRET: 'nightshift/anthropic' };
const refusing = (type: string, status = 400) => ({ status, body: { __type: type, message: 'sk-ant-value' } });

describe('a secret', () => {
  it('is the value from the environment if there is one, without a request to AWS', async () => {
    const { asked, client } = await aws(() => refusing('InternalServerError', 500));
    const env = { ...inParameter, ...inSecret, ANTHROPIC_API_KEY: ' sk-ant-local\n' };
    expect(await secrets(env, client)('ANTHROPIC_API_KEY')).toBe('sk-ant-local');
    expect(asked).toEqual([]);
  });

  it('is undefined where none is configured', async () => {
    expect(await secrets({ ...inParameter, OTHER: '' })('OTHER')).toBeUndefined();
  });

  it('is read from its SSM parameter, decrypted', async () => {
    const { asked, client } = await aws(() => ({ status: 200, body: { Parameter: { Value: 'sk-ant-value\n' } } }));
    expect(await secrets(inParameter, client)('ANTHROPIC_API_KEY')).toBe('sk-ant-value');
    expect(asked).toEqual([
      { operation: 'AmazonSSM.GetParameter', body: { Name: '/nightshift/anthropic', WithDecryption: true } },
    ]);
  });

  it('is read from its Secrets Manager secret', async () => {
    const { asked, client } = await aws(() => ({ status: 200, body: { SecretString: 'sk-ant-value' } }));
    expect(await secrets(inSecret, client)('ANTHROPIC_API_KEY')).toBe('sk-ant-value');
    expect(asked).toEqual([{ operation: 'secretsmanager.GetSecretValue', body: { SecretId: 'nightshift/anthropic' } }]);
  });

  it('is read again at each use, so that a rotated key takes effect', async () => {
    let version = 0;
    const { client } = await aws(() => ({ status: 200, body: { Parameter: { Value: `key-${++version}` } } }));
    const secret = secrets(inParameter, client);
    expect([await secret('ANTHROPIC_API_KEY'), await secret('ANTHROPIC_API_KEY')]).toEqual(['key-1', 'key-2']);
  });

  it.each([
    ['AccessDeniedException', inParameter, '/nightshift/anthropic'],
    ['ParameterNotFound', inParameter, '/nightshift/anthropic'],
    ['AccessDeniedException', inSecret, 'nightshift/anthropic'],
    ['ResourceNotFoundException', inSecret, 'nightshift/anthropic'],
  ])("fails as Unauthorized on %s, with the secret's name and without AWS's message", async (type, env, place) => {
    const { client } = await aws(() => refusing(type));
    const failure = await secrets(env, client)('ANTHROPIC_API_KEY').catch((thrown) => thrown);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ name: 'Unauthorized', message: expect.stringContaining(place) });
    expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain('sk-ant-value');
  });

  it('fails as Unauthorized when its stored value is empty', async () => {
    const { client } = await aws(() => ({ status: 200, body: { Parameter: { Value: ' ' } } }));
    await expect(secrets(inParameter, client)('ANTHROPIC_API_KEY')).rejects.toMatchObject({ name: 'Unauthorized' });
  });

  it('fails as ModelUnavailable, which is retried, when AWS is busy', async () => {
    const { client } = await aws(() => refusing('ThrottlingException'));
    await expect(secrets(inParameter, client)('ANTHROPIC_API_KEY')).rejects.toMatchObject({ name: 'ModelUnavailable' });
  });

  it('fails as ModelUnavailable, which is retried, when AWS does not answer', async () => {
    const { client, close } = await aws(() => refusing('InternalServerError', 500));
    await close();
    await expect(secrets(inParameter, client)('ANTHROPIC_API_KEY')).rejects.toMatchObject({
      name: 'ModelUnavailable',
      message: expect.stringContaining('/nightshift/anthropic'),
    });
  });
});
