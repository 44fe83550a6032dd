import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Failure } from '../lib/failure.ts';
import { parse } from '../lib/parse.ts';
import { plays } from './kit/law-plays.ts';

const Order = z.strictObject({ to: z.string(), lines: z.array(z.int()).default([]) });

/** The failure that `work` throws. */
const failureOf = (work: () => unknown): Failure => {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('expected a Failure');
};

const nested = (depth: number, wrap: (value: unknown) => unknown): unknown => {
  let value: unknown = 0;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
};
const wraps = [(value: unknown) => [value], (value: unknown) => ({ value })];

describe('a parsed value', () => {
  it('is the value of the schema, with defaults', () => {
    expect(parse(Order, { to: 'Ann' }, 'InvalidEvent', 'the order')).toEqual({ to: 'Ann', lines: [] });
  });

  it('is rejected under the given name, with every problem and its path', () => {
    const failure = failureOf(() => parse(Order, { to: 3, lines: [1, 'two'] }, 'InvalidEvent', 'the order'));
    expect(failure.name).toBe('InvalidEvent');
    expect(failure.message).toMatch(/^the order: to: .*expected string.*; lines\.1: .*expected number/);
  });

  it('is called "value" when the problem is in the whole value', () => {
    const failure = failureOf(() => parse(Order, 'Ann', 'InvalidJob', 'the order'));
    expect(failure.message).toMatch(/^the order: value: .*expected object/);
  });

  it('is rejected by name at any depth, without a stack overflow', () => {
    fc.assert(
      fc.property(fc.constantFrom(...wraps), fc.integer({ min: 0, max: 20_000 }), (wrap, depth) => {
        const value = nested(depth, wrap);
        try {
          expect(parse(z.json(), value, 'DamagedItem', 'the item')).toBeDefined();
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'DamagedItem', message: 'the item: nested too deep' });
        }
      }),
      { numRuns: plays(20) },
    );
    for (const wrap of wraps)
      expect(failureOf(() => parse(z.json(), nested(100_000, wrap), 'DamagedItem', 'the item')).message).toBe(
        'the item: nested too deep',
      );
  });

  it('throws the error of a faulty schema unchanged', () => {
    const broken = z.string().transform(() => {
      throw new TypeError('a bug');
    });
    expect(() => parse(broken, 'x', 'InvalidJob', 'the job')).toThrow(TypeError);
  });
});
