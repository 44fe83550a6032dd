import { expect, test } from 'vitest';
import { isSafe, methods } from '../../lib/agent/http.ts';

test('only GET and HEAD are safe to make again', () => {
  expect(methods.filter(isSafe)).toEqual(['GET', 'HEAD']);
});
