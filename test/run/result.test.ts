import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultReader } from '../../lib/run/result.ts';
import { byteLength, capped } from '../../lib/text.ts';

const schema = {
  type: 'object',
  properties: { count: { type: 'integer', minimum: 0 }, names: { type: 'array', items: { type: 'string' } } },
  required: ['count'],
  additionalProperties: false,
};
const any = await resultReader({});
const typed = await resultReader(schema);

describe('a final answer', () => {
  it('without a schema is its plain text', async () => {
    const read = await resultReader(undefined);
    for (const text of ['Hello.', '{"a":1}', '']) expect(read(text)).toEqual({ value: text });
  });

  it('with a schema is the JSON value that fits it', () => {
    expect(typed('{"count": 2, "names": ["a"]}')).toEqual({ value: { count: 2, names: ['a'] } });
    expect(typed(' \n{"count": 0}\n')).toEqual({ value: { count: 0 } });
  });

  it('that is not JSON is reported as such', () => {
    for (const text of ['', 'Nothing.', '{"count":1', 'undefined', 'NaN', "{'count':1}", 'See {count} and [a].'])
      expect(typed(text)).toEqual({ problem: 'it is not JSON' });
  });

  it('with a number that would change is reported with the advice to write it as text', () => {
    expect(typed('{"count":1234567890123456789}')).toEqual({ problem: expect.stringMatching(/123456789 .*as text/) });
  });

  it('that was cut is reported as too long, not as wrong', async () => {
    expect(typed(capped(`{"count":1,"names":["${'x'.repeat(5000)}"]}`, 1000))).toEqual({
      problem: 'it is longer than what is kept',
    });
  });

  it('that does not fit is reported with all problems and their paths', () => {
    const read = typed('{"count":-1,"names":["a",2],"more":true}');
    expect(read).toEqual({ problem: expect.stringContaining('result/count must be >= 0') });
    expect(read).toEqual({ problem: expect.stringContaining('result/names/1 must be string') });
    expect(read).toEqual({ problem: expect.stringContaining('additional properties') });
    expect(typed('{}')).toEqual({ problem: "result must have required property 'count'" });
    expect(typed('null')).toEqual({ problem: 'result must be object' });
  });

  it.each([
    '```json\n{"count":1}\n```',
    '```\n{"count":1}\n```',
    '\n ```json  \n\n {"count":1} \n\n``` \n',
    '```json\r\n{"count":1}\r\n```',
    '```json\n{"count":1}```',
  ])('may be inside a code fence: %j', (text) => {
    expect(typed(text)).toEqual({ value: { count: 1 } });
  });

  it.each([
    'Here you are: {"count":1}',
    '{"count":1}\n\nI hope that helps {you}!',
    'So:\n```JSON\n{"count":1}\n```\nDone [1].',
    '```json\n{"count":1}\n```\nand that was "it": {',
    'See [1] for details.\n{"count":1}',
    '{"count":{}} is wrong, but {"count":1} fits',
    '{ a brace, and then {"count":1}',
  ])('is found among words: %j', (text) => {
    expect(typed(text)).toEqual({ value: { count: 1 } });
  });

  it('is not chosen where two values fit, or none does', () => {
    expect(typed('{"count":1} or {"count":2}')).toEqual({ problem: 'it holds 2 JSON values, and one is expected' });
    expect(typed('{"count":"a"} or {"count":"b"}')).toEqual({
      problem: 'it holds 2 JSON values, and one is expected',
    });
    expect(typed('As asked: {"count":-1}')).toEqual({ problem: 'result/count must be >= 0' });
  });

  it.each(['```json\n```', '```json\n{"count":1', '```'])('is not made up from %j', (text) => {
    expect(typed(text)).toEqual({ problem: 'it is not JSON' });
  });

  it('with any JSON value is read unchanged, fenced or not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('```json\n', '```\n'), (value, fence) => {
        const text = JSON.stringify(value, null, 1);
        expect(any(text)).toEqual({ value: JSON.parse(text) });
        expect(any(`${fence}${text}\n\`\`\``)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  it('with a fence and thirty thousand empty lines is read quickly', () => {
    const startedAt = performance.now();
    for (const text of [
      `\`\`\`json${'\n'.repeat(30_000)}x`,
      `${'```\n'.repeat(8000)}`,
      `\`\`\`${' '.repeat(30_000)}`,
      '{"a":'.repeat(6000),
      '['.repeat(30_000),
    ])
      expect(any(text)).toEqual({ problem: 'it is not JSON' });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('with ten thousand problems is reported in a short message', async () => {
    const read = (await resultReader({ type: 'array', items: { type: 'string' } }))(
      JSON.stringify(Array(10_000).fill(1)),
    );
    expect(read).toHaveProperty('problem');
    if ('problem' in read) expect(byteLength(read.problem)).toBeLessThanOrEqual(2048);
  });
});

describe('the result schema of a job', () => {
  it.each([
    ['a type that is none', { type: 'thing' }],
    ['a pattern that is none', { type: 'string', pattern: '(' }],
    ['a reference to nowhere', { $ref: '#/$defs/missing' }],
    ['a reference elsewhere', { $ref: 'https://example.com/schema.json' }],
    ['an asynchronous check, which would let everything pass', { $async: true, type: 'string' }],
  ])('is rejected as InvalidJob for %s', async (_, bad) => {
    await expect(resultReader(bad)).rejects.toMatchObject({
      name: 'InvalidJob',
      message: expect.stringContaining('no JSON Schema: '),
    });
  });

  it('may use JSON Schema 2020-12', async () => {
    const read = await resultReader({ type: 'array', prefixItems: [{ type: 'string', format: 'date' }], items: false });
    expect(read('["2026-11-22"]')).toEqual({ value: ['2026-11-22'] });
    expect(read('["2026-11-22", 2]')).toHaveProperty('problem');
  });
});
