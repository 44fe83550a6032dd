import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outsideText } from '../../lib/agent/outside.ts';
import { errorText, sent } from '../../lib/agent/sent.ts';
import { byteLength } from '../../lib/text.ts';
import { errorOf } from '../kit/guarded-http.ts';

const answer = (status: number, body = '') => ({
  status,
  url: 'https://desk.example.com/reports',
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from(body),
  cut: false,
});

describe('a request that changes the world', () => {
  it.each([200, 201, 202, 204, 299])('is done where the server answers %d', async (status) => {
    expect(await sent(answer(status))).toMatchObject({ status });
  });

  it.each([
    [300, 'interrupted'],
    [304, 'interrupted'],
    [400, 'refused'],
    [401, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [408, 'interrupted'],
    [409, 'refused'],
    [410, 'refused'],
    [422, 'refused'],
    [429, 'unreachable'],
    [500, 'interrupted'],
    [501, 'interrupted'],
    [502, 'interrupted'],
    [503, 'unreachable'],
    [504, 'interrupted'],
    [599, 'interrupted'],
  ])('ends by the answer %d as %s', async (status, kind) => {
    expect(await errorOf(sent(answer(status)))).toMatchObject({ kind, message: expect.stringContaining(`${status}`) });
  });

  it('is never done by an answer outside 200 to 299', async () => {
    const other = fc.integer({ min: 100, max: 999 }).filter((status) => status < 200 || status > 299);
    await fc.assert(
      fc.asyncProperty(other, async (status) => {
        expect((await errorOf(sent(answer(status)))).kind).toMatch(/^(refused|unreachable|interrupted)$/);
      }),
    );
  });
});

describe('what the model is told of an error', () => {
  it('is the sentence, and the first part of what the server sent', async () => {
    expect(await errorText('Not done.', answer(422, 'text: required'))).toBe(
      `Not done.\n${outsideText('text: required')}`,
    );
    expect(await errorText('Not done.', answer(422, ' \n'))).toBe('Not done.');
    expect(byteLength(await errorText('Not done.', answer(422, 'x'.repeat(100_000))))).toBeLessThan(2000);
  });
});
