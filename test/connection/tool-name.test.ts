import { expect, test } from 'vitest';
import { toolNamesOf } from '../../lib/connection/tool-name.ts';
import { http, lambda } from '../kit/connection.ts';

test('an http connection is no tool, and a function is one whose name has _ for -', () => {
  expect(toolNamesOf(http())).toEqual([]);
  expect(toolNamesOf(lambda({}, 'resize-image'))).toEqual(['resize_image']);
});
