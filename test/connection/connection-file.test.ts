import { describe, expect, it } from 'vitest';
import { readConnectionFile } from '../../lib/connection/connection-file.ts';
import { problemText, readYaml } from '../../lib/job/job-file.ts';

const read = (text: string, file = 'infra/connections/github.yml') => readConnectionFile(readYaml(file, text));
const said = (text: string, file?: string): string[] => {
  const result = read(text, file);
  return 'problems' in result ? result.problems.map(problemText) : [];
};

describe('a connection file', () => {
  it('is a connection, complete with defaults', () => {
    expect(
      read(
        "kind: http\nhosts: [api.github.com]\nauth: { header: authorization, value: 'Bearer ${secret}' }\nsecret: token",
      ),
    ).toEqual({
      connection: {
        kind: 'http',
        name: 'github',
        hosts: ['api.github.com'],
        auth: { header: 'authorization', value: 'Bearer ${secret}' },
        secret: 'token',
        private: false,
        idempotent: false,
      },
    });
  });

  it.each([
    ['kind: http\nhosts: [a.test]\nauth: { basic: me }', 'github.yml:3:1 auth: found no secret beside it'],
    ['kind: http\nhosts: [a.test]\nsecret: token', 'github.yml:3:1 secret: found a secret that nothing sends'],
    [
      'kind: http\nhosts: [a.test]\nsecret: token\nauth: { sigv4: { service: lambda, region: eu-west-1, resource: "arn:aws:lambda:eu-west-1:123456789012:function:a" } }',
      'github.yml:3:1 secret: found a secret that sigv4 does not use',
    ],
    ['hosts: [a.test]', 'github.yml:1:1 kind: missing, expected one of http, lambda'],
    [
      'kind: htp\nhosts: [a.test]',
      'github.yml:1:1 kind: found "htp", expected one of http, lambda, did you mean http?',
    ],
    ['kind: http\nhost: [a.test]', 'github.yml:2:1 host: unknown field, did you mean hosts?'],
    ['kind: http\nhosts: a.test', 'github.yml:2:1 hosts: found text, expected a list'],
    [
      'kind: http\nhosts: [169.254.169.254]',
      'github.yml:2:9 hosts.0: found 169.254.169.254, expected a host or a public',
    ],
    ['kind: http\nhosts: ["*.com"]', 'github.yml:2:9 hosts.0: found *.com'],
    [
      'kind: http\nhosts: [a.test]\nsecret: s\nauth: { oauth: { clientId: me, tokenUrl: "https://169.254.169.254/" } }',
      'github.yml:4:32 auth.oauth.tokenUrl: found 169.254.169.254',
    ],
    ['kind: [http', 'github.yml:1:'],
    ['- kind: http', 'github.yml:1:1 kind: missing'],
  ])('%j is refused', (text, problem) => {
    expect(said(text).join('\n')).toContain(problem);
  });

  it('has a name that can begin the names of tools', () => {
    expect(said('kind: http\nhosts: [a.test]', 'infra/connections/Git Hub.yml')).toEqual([
      "infra/connections/Git Hub.yml:1:1 the file's name is the connection's name: it must be 1 to 30 of a-z, 0-9 and -, starting with a letter",
    ]);
  });
});
