import { describe, expect, it } from 'vitest';
import { baseUrl, keyOf } from '../../../lib/io/model/setting.ts';
import { failureOf } from '../../kit/failure-of.ts';

describe('a base URL', () => {
  it('is the one in the environment, without white space and trailing slashes', () => {
    expect(baseUrl('URL', { URL: ' http://127.0.0.1:11434/v1// \n' })).toBe('http://127.0.0.1:11434/v1');
    expect(baseUrl('URL', { URL: 'HTTPS://gateway.example.com' })).toBe('HTTPS://gateway.example.com');
  });

  it.each([undefined, '', '  ', '/'])('is undefined for %j, which names no server', (url) => {
    expect(baseUrl('URL', { URL: url })).toBeUndefined();
  });

  it.each(['localhost:11434', 'ftp://127.0.0.1', 'http://', 'http://a b', 'javascript:http://x'])(
    'is UnknownModel for %j, and the message names the variable and not its value',
    async (url) => {
      const failure = await failureOf((async () => baseUrl('BASE', { BASE: url }))());
      expect(failure).toMatchObject({ name: 'UnknownModel', message: expect.stringContaining('BASE') });
      expect(failure.message).not.toContain(url);
    },
  );
});

describe('a required key', () => {
  it('is the secret of its name', async () => {
    expect(await keyOf('KEY', async (name) => `secret of ${name}`)).toBe('secret of KEY');
  });

  it.each([undefined, ''])('is Unauthorized if it is %j, and the message names every place for it', async (value) => {
    const failure = await failureOf(keyOf('KEY', async () => value));
    expect(failure.name).toBe('Unauthorized');
    expect(failure.message).toMatch(/\bKEY is not set.*KEY_PARAMETER.*KEY_SECRET/);
  });

  it('that cannot be fetched ends with the error of the fetch', async () => {
    const gone = new Error('gone');
    await expect(keyOf('KEY', () => Promise.reject(gone))).rejects.toBe(gone);
  });
});
