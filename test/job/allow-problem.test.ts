import { describe, expect, it } from 'vitest';
import { allowProblem } from '../../lib/job/allow-problem.ts';

describe('an entry of allow that job files may not have', () => {
  it.each(['*.com', '*.co.uk', 'http://*.com:8080', '*.github.io', '*.s3.amazonaws.com', '*.internal', '*.рф'])(
    'is %s, under which anyone can have a host',
    (entry) => {
      expect(allowProblem(entry)).toContain('under which anyone can have a host');
    },
  );

  it.each([
    ...[
      '169.254.169.254',
      '169.254.170.2:80',
      'http://169.254.169.254',
      '2852039166',
      '0xa9fea9fe',
      '0.0.0.0',
      '224.0.0.1',
    ],
    ...[
      '[fd00:ec2::254]',
      '[fe80::1]',
      '[::ffff:169.254.169.254]',
      'metadata.google.internal',
      'instance-data private',
    ],
  ])('is %s, which may lead to credentials', (entry) => {
    expect(allowProblem(entry)).toContain('may lead to the credentials of the machine');
  });

  it.each([
    ['*.example.com private', 'found a pattern with private'],
    ['*.0.0.1', 'found *. before an address'],
    ['example.com:0', 'found port 0'],
    ['example.com:70000', 'found port 70000'],
  ])('is %s', (entry, problem) => {
    expect(allowProblem(entry)).toContain(problem);
  });

  it.each([
    ...[
      'example.com',
      '*.example.com',
      '*.example.co.uk',
      'http://example.com',
      'wiki.corp.internal private',
      'localhost',
    ],
    ...[
      'localhost:8080',
      '127.0.0.1',
      '10.0.0.1',
      '[::1]:80',
      '*.eu.example.com',
      '*.me.github.io',
      'com',
      'not a host',
    ],
  ])('is not %s', (entry) => {
    expect(allowProblem(entry)).toBeUndefined();
  });
});
