import { describe, expect, it } from 'vitest';
import {
  isManaged,
  Secret,
  secretName,
  secretPlace,
  secretProblem,
  secretVariable,
} from '../../lib/connection/secret.ts';

const managed: Secret = { name: 'github-token', in: 'secrets-manager' };

describe('a secret', () => {
  it('lies in Parameter Store, or in Secrets Manager where the file says so', () => {
    expect(secretPlace('github-token', 'prod')).toBe('/nightshift/prod/github-token');
    expect(secretPlace({ name: 'github-token', in: 'parameter-store' }, 'prod')).toBe('/nightshift/prod/github-token');
    expect(secretPlace(managed, 'prod')).toBe('nightshift/prod/github-token');
    expect([isManaged('github-token'), isManaged(managed)]).toEqual([false, true]);
  });

  it('has one variable on this machine', () => {
    expect([secretName(managed), secretVariable(managed)]).toEqual(['github-token', 'NIGHTSHIFT_SECRET_GITHUB_TOKEN']);
  });

  it.each(['', 'GitHub', 'a_b', '../../other', 'x'.repeat(61), { name: 'a', in: 'vault' }, 7])(
    'is not named %j',
    (name) => {
      expect(Secret.safeParse(name).success).toBe(false);
    },
  );

  it.each([
    ['x7$k!', 'found 5 characters'],
    ['two words here', 'found a space'],
    ['line\nbreak', 'found a space'],
    ['schlüssel', 'found a space'],
  ])('has no value %j, which is not told', (value, problem) => {
    expect(secretProblem(value)).toContain(problem);
    expect(secretProblem(value)).not.toContain(value);
    expect(secretProblem('ghp_0123456789')).toBeUndefined();
  });
});
