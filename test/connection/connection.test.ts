import { describe, expect, it } from 'vitest';
import {
  Connection,
  ConnectionFile,
  ConnectionName,
  connectionKinds,
  hostsOf,
  secretOf,
} from '../../lib/connection/connection.ts';
import { http, lambda } from '../kit/connection.ts';

const problems = (value: unknown): string[] =>
  ConnectionFile.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('a connection', () => {
  it('of http has hosts as entries of allow, private ones where it says so', () => {
    expect(hostsOf(http({ hosts: ['a.test', 'http://b.test:8080', '*.c.test'], private: true }))).toEqual([
      'a.test private',
      'http://b.test:8080 private',
      '*.c.test',
    ]);
    expect(hostsOf(http({ hosts: ['a.test'] }))).toEqual(['a.test']);
  });

  it('has the secret that its file names', () => {
    expect(secretOf(http({ secret: 'token', auth: { header: 'authorization' } }))).toBe('token');
    expect([secretOf(http()), secretOf(lambda())]).toEqual([undefined, undefined]);
  });

  it('has a name of its file', () => {
    expect(['github', 'a-1'].every((name) => ConnectionName.safeParse(name).success)).toBe(true);
    expect(['GitHub', '1a', 'a_b', '', 'x'.repeat(31)].some((name) => ConnectionName.safeParse(name).success)).toBe(
      false,
    );
    expect(Connection.safeParse({ ...http(), name: 'A' }).success).toBe(false);
    expect(Object.keys(connectionKinds)).toEqual(['http', 'lambda']);
  });

  it.each([
    [{ kind: 'http', hosts: [] }, /^hosts: /],
    [{ kind: 'http', hosts: ['https://a.test/path'] }, /^hosts\.0: must be a host/],
    [{ kind: 'http', hosts: ['a.test private'] }, /^hosts\.0: must be a host/],
    [{ kind: 'http', hosts: ['a.test'], auth: {} }, /^auth: found none, expected exactly one of header/],
    [{ kind: 'http', hosts: ['a.test'], auth: { header: 'x', query: 'y' } }, /^auth: found header, query/],
    [{ kind: 'http', hosts: ['a.test'], auth: { header: 'x', value: 'Bearer abc' } }, /^auth\.value: /],
    [{ kind: 'http', hosts: ['a.test'], auth: { header: 'x', value: '${secret}\nhost: b' } }, /^auth\.value: /],
    [{ kind: 'http', hosts: ['a.test'], auth: { basic: 'me', value: '${secret}' } }, /^auth\.value: needs header/],
    [{ kind: 'http', hosts: ['a.test'], test: 'https://b.test/' }, /^test: /],
    [{ kind: 'lambda', description: 'x', function: 'resize', input: {} }, /^function: must be the ARN/],
    [
      { kind: 'lambda', description: 'x', function: 'arn:aws:lambda:eu-west-1:123456789012:function:*', input: {} },
      /^function: /,
    ],
  ])('is refused: %j', (value, expected) => {
    expect(problems(value)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  });

  it.each(['http://a.test/token', 'https://user:pass@a.test/', 'ftp://a.test/', 'a.test'])(
    'has no token from %s where that is no place for a secret',
    (tokenUrl) => {
      const auth = { oauth: { tokenUrl, clientId: 'me' } };
      const found = problems({ kind: 'http', hosts: ['a.test'], auth, secret: 'x' });
      expect(found.length).toBe(tokenUrl === 'http://a.test/token' ? 0 : 1);
    },
  );
});
