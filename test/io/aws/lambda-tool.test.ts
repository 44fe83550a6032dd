import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ToolContext } from '../../../lib/agent/tool.ts';
import { lambdaTool } from '../../../lib/io/aws/lambda-tool.ts';
import { toolSpecs } from '../../../lib/io/files/tools.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { lambda } from '../../kit/connection.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { errorOf } from '../../kit/guarded-http.ts';
import { job } from '../../kit/job.ts';
import { closing } from '../../kit/open-model.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';

const { on, all } = closing();
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await all();
});

type Invocation = { path: string; event: unknown; custom: unknown };

/** Lambda on loopback: it answers each invocation in turn, the last answer for all later ones. */
const functions = async (...answers: ((response: ServerResponse) => void)[]) => {
  const asked: Invocation[] = [];
  const { origin, close } = await listen(async (incoming, response) => {
    const { url: path = '', headers } = incoming;
    const event = JSON.parse(String(await readBody(incoming)));
    const context = JSON.parse(Buffer.from(String(headers['x-amz-client-context']), 'base64').toString());
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ path, event, custom: context.custom });
    answer?.(response);
  });
  return on({ asked, place: { endpoint: origin }, close });
};

const returned = (value: unknown) => (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const threw = (response: ServerResponse) =>
  void response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end('{"errorMessage":"no disk"}');
const refused = (name: string, status: number) => (response: ServerResponse) =>
  void response
    .writeHead(status, { 'x-amzn-errortype': name, 'content-type': 'application/json' })
    .end('{"Message":"a detail"}');

const context = (): ToolContext => ({
  job: job(),
  runId: 'report_20261122T070000Z',
  slot: '2026-11-22T07:00:00Z',
  signal: new AbortController().signal,
  idempotencyKey: 'the-key',
  http: guardedHttp(),
  pastRuns: { runs: async () => [], previousResult: async () => undefined },
});

describe('a function of the account as a tool', () => {
  it('gets the arguments as its event, and run and key in its client context', async () => {
    const { asked, place } = await functions(returned({ bytes: 12 }));
    const tool = await lambdaTool(lambda(), place);
    expect(await tool.run({ width: 5 }, context())).toBe('{"bytes":12}');
    expect(asked).toEqual([
      {
        path: `/2015-03-31/functions/${encodeURIComponent('arn:aws:lambda:eu-west-1:123456789012:function:resize')}/invocations`,
        event: { width: 5 },
        custom: { run: 'report_20261122T070000Z', idempotencyKey: 'the-key' },
      },
    ]);
  });

  it('is described to the model by its file, and takes only arguments that fit', async () => {
    const tool = await lambdaTool(lambda());
    expect(toolSpecs({ resize: tool })).toEqual([
      {
        name: 'resize',
        description: 'Makes a picture smaller.',
        inputSchema: { type: 'object', properties: { width: { type: 'integer', minimum: 1 } }, required: ['width'] },
      },
    ]);
    expect(tool.input.safeParse({ width: 5 }).success).toBe(true);
    expect(tool.input.safeParse({ width: 0 }).error?.issues[0]?.message).toBe('arguments/width must be >= 1');
    expect(tool.input.safeParse('5').success).toBe(false);
    expect([tool.effect, (await lambdaTool(lambda({ effect: 'none' }))).effect]).toEqual(['once', 'none']);
  });

  it('is refused where its input is no JSON Schema', async () => {
    expect(await failureOf(lambdaTool(lambda({ input: { type: 'thing' } })))).toMatchObject({ name: 'InvalidJob' });
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['threw', threw, 'interrupted'],
    ['was throttled', refused('TooManyRequestsException', 429), 'unreachable'],
    ['has no place for it', refused('ServiceException', 500), 'unreachable'],
    ['does not exist', refused('ResourceNotFoundException', 404), 'refused'],
    ['may not be invoked', refused('AccessDeniedException', 403), 'refused'],
    ['took it and went away', (response) => void response.destroy(), 'interrupted'],
  ])('that %s is told as such, and is invoked once', async (_, answer, kind) => {
    const { asked, place } = await functions(answer);
    const tool = await lambdaTool(lambda(), place);
    const error = await errorOf(tool.run({ width: 5 }, context()));
    expect([error.kind, asked.length]).toEqual([kind, 1]);
    expect(error.message).not.toContain('a detail');
  });

  it('is invoked again under its key where it takes a repeat for the same call', async () => {
    const { asked, place } = await functions(threw, threw, returned('done'));
    const tool = await lambdaTool(lambda({ idempotent: true }), place);
    expect(await tool.run({ width: 5 }, context())).toBe('"done"');
    expect(asked.map(({ custom }) => custom)).toEqual(
      Array(3).fill({ run: 'report_20261122T070000Z', idempotencyKey: 'the-key' }),
    );
  });
});
