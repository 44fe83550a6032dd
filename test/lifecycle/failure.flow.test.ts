import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { sessionKey } from '../../lib/run/session.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { invoke, lines, machine } from '../kit/local-service.ts';
import { modelEnv, stage } from '../kit/local-stage.ts';
import { serve } from '../kit/model-server.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import type { AnthropicOptions } from '../kit/wire/anthropic-server.ts';

const report = `
schedule: { rate: 1 hour }
model: anthropic/claude-sonnet-4-5
prompt: Write the report.
tools: [list_runs]
`;
const slot = slotAt(new Date(Date.now() - 60_000));
const run = `report_${slot.replaceAll(/[-:]/g, '')}`;
const look = { calls: [{ name: 'list_runs', input: { days: 1 } }] };

const play = async (reply: AnthropicOptions['reply'], job = report, around?: string) => {
  const model = await serve({ reply });
  const dir = temporaryDirectory();
  const given = await stage(dir, { report: job }, modelEnv(model), around === undefined ? {} : { around });
  return { dir, model, ...given };
};

describe('an attempt whose process dies', () => {
  /** The process exits without a message at its second model call. */
  const dies = `globalThis.calls = 0; globalThis.net ??= fetch;
    globalThis.fetch = (...args) => (event.attempt === 1 && ++globalThis.calls === 2 ? process.exit(9) : globalThis.net(...args))`;

  test('is closed by triage as a Crash, and the next attempt starts clean and succeeds', async () => {
    const { model, deliver, ended, stores } = await play([look, look, { text: 'There.' }], report, dies);
    await deliver({ job: 'report', slot });
    expect((await ended(run)).outcome).toMatchObject({ status: 'succeeded', attempts: 2, steps: 2 });
    const [first] = await stores.attempts.list(run);
    expect(first?.failed).toMatchObject({ failure: 'Crash', message: 'the attempt died: Runtime.ExitError' });
    expect(first?.failed?.usage.inputTokens).toBeGreaterThan(0);
    expect(await stores.sessions.load(sessionKey(run, 1))).toHaveLength(1);
    expect(model.requests[1]?.raw).toBe(model.requests[0]?.raw);
  });
});

describe('an attempt that runs out of time', () => {
  test('continues in new invocations from its last committed step, as the same attempt', async () => {
    const short = `let asked = 0; const given = context;
      context = { ...given, getRemainingTimeInMillis: () => (asked++ === 0 ? 900_000 : event.version < 3 ? 0 : 900_000) }`;
    const looks = [1, 2, 3].map((days) => ({ calls: [{ name: 'list_runs', input: { days } }] }));
    const { model, deliver, ended, stores } = await play([...looks, { text: 'At last.' }], report, short);
    await deliver({ job: 'report', slot });
    expect((await ended(run)).outcome).toMatchObject({ status: 'succeeded', attempts: 1, steps: 4 });
    expect(await stores.attempts.list(run)).toMatchObject([{ number: 1, failed: null, version: 4 }]);
    expect(model.requests.map(({ body }) => body.messages.length)).toEqual([1, 3, 5, 7]);
  });
});

describe('a provider’s answer', () => {
  test('of 401, 400 or 404 fails the run at once, by name', async () => {
    const { model, deliver, ended } = await play([401, 400, 400, 404].map((error) => ({ error })));
    for (const [suffix, failure] of [
      ['a', 'Unauthorized'],
      ['b', 'InvalidPrompt'],
      ['c', 'UnknownModel'],
    ]) {
      await deliver({ job: 'report', slot, suffix });
      expect((await ended(`${run}_${suffix}`)).outcome).toMatchObject({ status: 'failed', failure, attempts: 1 });
    }
    // A request that is refused with 400 is made once more without what not every server takes.
    expect(model.requests).toHaveLength(4);
  });

  test('of 429 with retry-after, or cut in half, makes a new attempt', async () => {
    const replies = [{ error: 429, retryAfterSeconds: 3 }, { broken: 'half' } as const, { text: 'Yes.' }];
    const { deliver, ended, stores } = await play(replies);
    await deliver({ job: 'report', slot });
    expect((await ended(run)).outcome).toMatchObject({ status: 'succeeded', attempts: 3 });
    const failed = (await stores.attempts.list(run)).map(({ failed: end }) => end);
    expect(failed.map((end) => end?.failure)).toEqual(['ModelThrottled', 'ModelUnavailable', undefined]);
    expect(failed[0]?.decision).toMatchObject({
      status: 'retry',
      delaySeconds: expect.toSatisfy((s: number) => s >= 3 && s <= 5),
    });
  });

  test('that never comes ends the call at callSeconds and makes a new attempt', async () => {
    // On a busy machine a later call may last longer than a second too: each call is an attempt, however many there are.
    const hasty = `${report}limits: { callSeconds: 1 }\nretry: { attempts: 10 }\n`;
    const { model, deliver, ended, stores } = await play(
      ({ index }) => (index === 0 ? { broken: 'hang' } : { text: 'Yes.' }),
      hasty,
    );
    await deliver({ job: 'report', slot });
    const { outcome } = await ended(run);
    const asked = model.requests.length;
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: asked, steps: 1 });
    const late = (await stores.attempts.list(run)).filter(({ failed }) => failed);
    expect(late.map(({ failed }) => failed)).toEqual(
      Array(asked - 1).fill(
        expect.objectContaining({
          failure: 'ModelUnavailable',
          decision: expect.objectContaining({ status: 'retry' }),
        }),
      ),
    );
    expect(late.length).toBeGreaterThanOrEqual(1);
  });
});

test('an aborted execution still ends its run, as ExecutionAborted', async () => {
  const { model, service, deliver, ended } = await play([look, { broken: 'hang' }]);
  await deliver({ job: 'report', slot });
  await model.received(2);
  const { client } = machine(service);
  const executionArn = `${service.env.NIGHTSHIFT_STATE_MACHINE_ARN?.replace(':stateMachine:', ':execution:')}:${run}`;
  await client.send(new StopExecutionCommand({ executionArn }));
  await model.close();
  expect((await ended(run)).outcome).toMatchObject({ status: 'failed', failure: 'ExecutionAborted', attempts: 1 });
});

test('an event that is no slot of a job is refused by name, starts nothing, and reaches the dead letters', async () => {
  const { dir, service, deliver, stores } = await play([]);
  const events = [
    [{ job: 'unknown', slot }, 'UnknownJob'],
    [{ job: 'report', slot: '<aws.scheduler.scheduled-time>' }, 'InvalidEvent'],
    [{ job: 'report', slot: '2199-01-01T00:00:00Z' }, 'InvalidSlot'],
  ] as const;
  for (const [event, name] of events) {
    expect((await deliver(event)).payload).toMatchObject({ errorType: name });
    await invoke(service.socket, 'dispatch', event, 'Event');
  }
  await expect.poll(() => service.busy).toBe(false);
  const kept = JSON.stringify(lines(`${dir}/data/dead-letters.jsonl`));
  for (const [, name] of events) expect(kept).toContain(name);
  expect(await stores.runs.byJob('report', { limit: 9 })).toEqual([]);
});

test('every log line of a run carries its job, run and attempt, and none a prompt, a reply or a key', async () => {
  const secretive = report.replace('Write the report.', 'Write about the plover-secret.');
  const quoting = { error: 400, message: 'not: the plover-secret' };
  const { model, deliver, ended, logs } = await play(
    [{ ...look, text: 'The plover-secret is out.' }, { error: 401 }, quoting, quoting],
    secretive,
  );
  await deliver({ job: 'report', slot });
  await ended(run);
  // A provider may quote the prompt in its refusal.
  await deliver({ job: 'report', slot, suffix: 'quoted' });
  await ended(`${run}_quoted`);
  const all = ['dispatch', 'attempt', 'triage', 'settle'].flatMap(logs);
  expect(all.length).toBeGreaterThanOrEqual(5);
  expect(JSON.stringify(all)).not.toContain('plover-secret');
  expect(JSON.stringify(all)).not.toContain(model.key);
  for (const line of all) expect(line).toMatchObject({ job: 'report', run: expect.stringMatching(run) });
  for (const line of ['attempt', 'triage', 'settle'].flatMap(logs)) expect(line).toMatchObject({ attempt: 1 });
  const said = logs('attempt').map(({ message, step, failure }) => [message, step, failure]);
  expect(said).toEqual([
    ['step committed', 1, undefined],
    ['attempt failing', 1, 'Unauthorized'],
    ['attempt failing', undefined, 'InvalidPrompt'],
  ]);
});
