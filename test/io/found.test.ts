import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { acceptReply } from '../../lib/agent/reply.ts';
import type { Failure } from '../../lib/failure.ts';
import { dynamoStores } from '../../lib/io/store/stores.ts';
import { readJobFile, readYaml } from '../../lib/job/job-file.ts';
import { AttemptInput } from '../../lib/run/attempt.ts';
import type { Step } from '../../lib/run/step.ts';
import { addUsage, noUsage, Usage } from '../../lib/usage.ts';
import { failureOf } from '../kit/failure-of.ts';
import { attemptOf, effectOf, runOf, stepOf } from '../kit/stored.ts';
import { type LoopbackAws, openLoopbackAws, type Wire } from '../suite/fuzz/loopback-aws.ts';
import { promptFault } from '../suite/fuzz/prompt-fault.ts';

const now = () => new Date('2026-11-22T07:00:00Z');

/** Stores on a loopback AWS that accepts any item, and the damaged items that lists left out. */
const shelved = async () => {
  const aws = await openLoopbackAws();
  onTestFinished(() => aws.close());
  const client = new DynamoDBClient({
    endpoint: aws.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(() => client.destroy());
  const damaged: Failure[] = [];
  const stores = dynamoStores(client, 'table', { now, token: () => 't', damaged: (failure) => damaged.push(failure) });
  return { aws, stores, damaged };
};

/** Copies an item, changed, to another key of the table. */
const copied = ({ items, replaceItems }: LoopbackAws, at: string, change: (item: Wire) => Wire) => {
  const item = items.get(at);
  if (!item) throw new Error(`nothing lies at ${at}`);
  replaceItems([...items.values(), change(item)]);
};

describe('a stored item', () => {
  const id = runOf('night').id;

  it('is damaged if it holds the data of another item', async () => {
    const { aws, stores } = await shelved();
    await stores.runs.put(runOf('night', { slot: '2026-11-21T07:00:00Z' }));
    await stores.attempts.put(attemptOf(id, 2));
    await stores.effects.put(effectOf(id, 'other'));
    copied(aws, 'job#night\nrun#2026-11-21T07:00:00Z', (item) => ({
      ...item,
      sk: { S: 'run#2026-11-22T07:00:00Z' },
    }));
    copied(aws, `run#${id}\nattempt#002`, (item) => ({ ...item, sk: { S: 'attempt#001' } }));
    copied(aws, `run#${id}\neffect#other`, (item) => ({ ...item, sk: { S: 'effect#k' } }));
    const reads = [() => stores.runs.get(id), () => stores.attempts.get(id, 1), () => stores.effects.get(id, 'k')];
    for (const read of reads)
      expect(await failureOf(read())).toMatchObject({
        name: 'DamagedItem',
        message: expect.stringContaining('found the data of'),
      });
  });

  it('is damaged if its run has another id', async () => {
    const { stores } = await shelved();
    await stores.runs.put({ ...runOf('night'), id: runOf('day').id });
    expect(await failureOf(stores.runs.get(id))).toMatchObject({
      name: 'DamagedItem',
      message: expect.stringContaining('id: must be made of its job'),
    });
  });

  it.each<[string, Wire]>([
    ['a number for its data', { data: { N: '7' } }],
    ['a version that JavaScript cannot hold', { version: { N: '9.9E125' }, data: { S: '{' } }],
    ['a text for its expiry', { expiresAt: { S: 'never' } }],
  ])('with %s does not fail the list it is in', async (_, damage) => {
    const { aws, stores, damaged } = await shelved();
    const [good, bad] = [runOf('night', { slot: '2026-11-21T07:00:00Z' }), runOf('night')];
    for (const run of [good, bad]) await stores.runs.put(run);
    copied(aws, `job#night\nrun#${bad.slot}`, (item) => ({ ...item, ...damage }));
    expect(await stores.runs.byJob('night', { limit: 5 })).toEqual([good]);
    expect(damaged.map(({ name }) => name)).toEqual(['DamagedItem']);
    expect(await failureOf(stores.runs.get(bad.id))).toMatchObject({ name: 'DamagedItem' });
  });

  it('is damaged, without a crash, if it is nested thousands of levels deep', async () => {
    const { aws, stores } = await shelved();
    await stores.sessions.append('s/a1', stepOf(1));
    const input = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    copied(aws, 'session#s/a1\nstep#00001', (item) => ({
      ...item,
      data: { S: String(item.data?.S).replace('"number":1}', `"deep":${input}}`) },
    }));
    expect(await failureOf(stores.sessions.load('s/a1'))).toMatchObject({ name: 'DamagedItem' });
  });
});

describe('a session', () => {
  it('is damaged if two steps use one tool-call id, which every provider refuses', async () => {
    const { stores } = await shelved();
    await stores.sessions.append('s/a1', stepOf(1));
    await stores.sessions.append('s/a1', { ...stepOf(1), number: 2 });
    expect(await promptFault([stepOf(1), { ...stepOf(1), number: 2 }])).toContain('ids must be unique');
    expect(await failureOf(stores.sessions.load('s/a1'))).toMatchObject({
      name: 'DamagedItem',
      message: expect.stringContaining('call_1'),
    });
  });

  it('is never written with an id or a name that a provider refuses', async () => {
    const { stores } = await shelved();
    for (const word of ['a b', '', 'x'.repeat(65), 'é']) {
      const text = JSON.stringify(stepOf(1));
      for (const step of [text.replaceAll('call_1', word), text.replaceAll('http_get', word)])
        expect(await failureOf(stores.sessions.append('s/a1', JSON.parse(step)))).toMatchObject({
          name: 'DamagedItem',
        });
    }
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'is still a valid prompt after the model calls a tool named %s',
    async (toolName) => {
      const usage = noUsage;
      const content = [{ type: 'tool-call' as const, toolCallId: 'c1', toolName, input: {} }];
      const { message, refusals } = acceptReply({ content, finish: 'tool-calls', usage }, new Set());
      expect(refusals).toEqual([{ toolCallId: 'c1', why: 'no tool has this name' }]);
      const name = `${toolName}_`;
      const result = {
        type: 'tool-result' as const,
        toolCallId: 'c1',
        toolName: name,
        output: { type: 'error-text' as const, value: 'No.' },
      };
      const step: Step = { ...stepOf(1), messages: [message, { role: 'tool', content: [result] }] };
      expect(await promptFault([step])).toBeUndefined();
    },
  );
});

describe('the sum of usages', () => {
  it('is bounded, so that it can always be stored', () => {
    const most = {
      ...noUsage,
      inputTokens: Number.MAX_SAFE_INTEGER,
      outputTokens: Number.MAX_SAFE_INTEGER,
      usd: Number.MAX_VALUE,
    };
    expect(Usage.parse(JSON.parse(JSON.stringify(addUsage(most, most))))).toEqual(most);
  });
});

describe('the event of a function', () => {
  const level = process.env.POWERTOOLS_LOG_LEVEL;
  beforeAll(() => {
    process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
  });
  afterAll(() => {
    if (level === undefined) delete process.env.POWERTOOLS_LOG_LEVEL;
    else process.env.POWERTOOLS_LOG_LEVEL = level;
    vi.resetModules(); // the silent logger is this test's alone
  });

  it.each([[[]], [[[]]], ['text'], [null], [7], [undefined]])('is refused by name if it is %j', async (event) => {
    const { lambda } = await import('../../lib/io/aws/lambda.ts');
    const handler = lambda(AttemptInput, async () => 'done');
    expect(await failureOf(handler(event, { functionName: 'f' } as Context))).toMatchObject({ name: 'InvalidEvent' });
  });
});

describe('a job file', () => {
  const problems = (text: string) => {
    const read = readJobFile(readYaml('infra/jobs/night.yml', text), { tools: [] });
    return 'problems' in read ? read.problems : [];
  };

  it('has correct line numbers after a syntax error too', () => {
    expect(problems('d: "x"\n}"\ns: "y"\n').map(({ line, column }) => [line, column])).toEqual([
      [2, 1],
      [2, 2],
      [3, 5],
    ]);
  });

  it.each(['['.repeat(3000), '{"a":'.repeat(3000), '- '.repeat(5000)])(
    'that is nested too deep has one problem, which names the depth',
    (nest) => {
      expect(problems(`prompt:\n  ${nest}`)).toEqual([
        expect.objectContaining({ line: 2, message: expect.stringMatching(/^found more levels.*expected fewer$/) }),
      ]);
    },
  );

  it('that is too large for a run is refused when it is read, not at each slot', () => {
    const text = (length: number) => `schedule: { rate: 1 hour }\nmodel: anthropic/x\nprompt: ${'x'.repeat(length)}\n`;
    expect(problems(text(200_000))).toEqual([]);
    expect(problems(text(300_000))).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^found a job of 300\d+ bytes, expected at most 262144/),
      }),
    ]);
  });

  it('is quoted in problems at a bounded length and without control characters', () => {
    const said = problems(`d: "x"\n}"${'x'.repeat(100_000)}"\n`).map(({ message }) => message);
    expect(said.some((message) => message.includes('xxx'))).toBe(true);
    for (const message of said) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1000);
    const [colour] = problems('"\\e[31m": 1\nschedule: { rate: 1 hour }\nmodel: anthropic/x\nprompt: Go.\n');
    expect(colour).toMatchObject({ message: 'unknown field', path: '\uFFFD[31m' });
  });

  it('with a list as a field name is refused at its place', () => {
    expect(problems('prompt: Go.\n? [a, b]\n: 1\n')).toEqual([expect.objectContaining({ line: 2, column: 3 })]);
  });
});
