import { describe, expect, test } from 'vitest';
import { sessionKey } from '../../lib/run/session.ts';
import { callsOf } from '../../lib/run/step.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { modelEnv, stage } from '../kit/local-stage.ts';
import { serve } from '../kit/model-server.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import type { AnthropicOptions } from '../kit/wire/anthropic-server.ts';

/** The job of the original bug report: an agent with tools, on a model over HTTP, whose rows were never created. */
const report = `
schedule: { cron: 0 7 * * ? *, timezone: Europe/Amsterdam }
model: anthropic/claude-sonnet-4-5
system: You write reports.
prompt: Write the report of \${date}.
tools: [list_runs, previous_result]
`;

const hour = 3_600_000;
/** Due slots, an hour apart. */
const slots = (count: number) =>
  Array.from({ length: count }, (_, n) => slotAt(new Date(Date.now() - (count - n) * hour)));
const runOf = (slot: string) => `report_${slot.replaceAll(/[-:]/g, '')}`;

const server = (reply: AnthropicOptions['reply']) => serve({ reply });

const look = {
  text: 'Let me look.',
  calls: [
    { name: 'list_runs', input: { days: 1 } },
    { name: 'previous_result', input: {} },
  ],
};

describe('a scheduled agent whose model fails at its second step', () => {
  test('is retried by the state machine, each time from a clean prompt, and succeeds', async () => {
    const dir = temporaryDirectory();
    const [slot = ''] = slots(1);
    const overloaded = { error: 529 };
    const model = await server([look, overloaded, look, { error: 500 }, look, { text: 'All quiet.' }]);
    const { deliver, ended, stores } = await stage(dir, { report }, modelEnv(model));

    expect((await deliver({ job: 'report', slot })).payload).toEqual({ status: 'started', run: runOf(slot) });
    const run = await ended(runOf(slot));

    expect(run.outcome).toMatchObject({ status: 'succeeded', attempts: 3, steps: 2 });
    const asked = model.requests.map(({ raw }) => raw);
    expect(model.requests.map(({ answered }) => answered)).toEqual([
      'message',
      'error 529',
      'message',
      'error 500',
      'message',
      'message',
    ]);
    // Every retried request equals the first one byte for byte: it holds nothing of a failed attempt.
    expect([asked[2], asked[4]]).toEqual([asked[0], asked[0]]);
    expect(asked[0]).toContain('Write the report of');
    expect(asked[0]).not.toContain('Let me look');
    const failures = (await stores.attempts.list(run.id)).map(({ failed }) => failed?.failure);
    expect(failures).toEqual(['ModelUnavailable', 'ModelUnavailable', undefined]);
    // The steps of the failed attempts remain in sessions of their own.
    const sessions = await Promise.all([1, 2, 3].map((n) => stores.sessions.load(sessionKey(run.id, n))));
    expect(sessions.map((steps) => steps.length)).toEqual([1, 1, 2]);
    expect(
      sessions
        .flat()
        .flatMap(callsOf)
        .every(({ status }) => status === 'ok'),
    ).toBe(true);
  });

  test('keeps its run and sessions over a restart, and the next slot starts with a clean prompt', async () => {
    const dir = temporaryDirectory();
    const [first = '', second = ''] = slots(2);
    const model = await server([look, { error: 529 }, look, { text: 'First.' }, look, { text: 'Second.' }]);
    const before = await stage(dir, { report }, modelEnv(model));
    await before.deliver({ job: 'report', slot: first });
    const run = await before.ended(runOf(first));
    const kept = await before.stores.sessions.load(sessionKey(run.id, 2));
    await before.service.close();

    const after = await stage(dir, { report }, modelEnv(model));
    expect(await after.stores.runs.get(run.id)).toEqual(run);
    expect(await after.stores.sessions.load(sessionKey(run.id, 2))).toEqual(kept);
    await after.deliver({ job: 'report', slot: second });
    expect((await after.ended(runOf(second))).outcome).toMatchObject({ status: 'succeeded', attempts: 1 });
    const fresh = model.requests[4]?.body.messages ?? [];
    expect(fresh).toHaveLength(1);
    expect(JSON.stringify(fresh)).not.toMatch(/First|Let me look/);
    // The new prompt mentions the earlier run only through the past-runs tool.
    expect(model.requests[5]?.raw).toContain('First.');
  });

  test('fails after its last attempt with the name of the failure, for good', async () => {
    const dir = temporaryDirectory();
    const [slot = ''] = slots(1);
    const model = await server(() => ({ error: 529 }));
    const { deliver, ended } = await stage(dir, { report }, modelEnv(model));
    await deliver({ job: 'report', slot });
    const { outcome } = await ended(runOf(slot));
    expect(outcome).toMatchObject({ status: 'failed', failure: 'ModelUnavailable', attempts: 4 });
    expect(new Set(model.requests.map(({ raw }) => raw)).size).toBe(1);
    expect((await deliver({ job: 'report', slot })).payload).toEqual({ status: 'duplicate', run: runOf(slot) });
    expect((await ended(runOf(slot))).outcome).toEqual(outcome);
    expect(model.requests).toHaveLength(4);
  });

  test('retries an empty reply under its own name, never stores it, and starts from a clean prompt', async () => {
    const dir = temporaryDirectory();
    const [slot = ''] = slots(1);
    const model = await server([look, {}, look, { text: ' ' }, look, { text: 'There.' }]);
    const { deliver, ended, stores } = await stage(dir, { report }, modelEnv(model));
    await deliver({ job: 'report', slot });
    const run = await ended(runOf(slot));
    expect(run.outcome).toMatchObject({ status: 'succeeded', attempts: 3 });
    expect((await stores.attempts.list(run.id)).map(({ failed }) => failed?.failure)).toEqual([
      'EmptyReply',
      'EmptyReply',
      undefined,
    ]);
    expect(model.requests.every(({ refused }) => refused === undefined)).toBe(true);
  });
});

test('dispatch starts one run, however often and however concurrently a slot is delivered', async () => {
  const dir = temporaryDirectory();
  const [slot = ''] = slots(1);
  const model = await server([{ text: 'Once.' }]);
  const { deliver, ended, stores } = await stage(dir, { report }, modelEnv(model));
  const deliveries = await Promise.all(Array.from({ length: 6 }, () => deliver({ job: 'report', slot })));
  expect(deliveries.map(({ payload }) => payload.status).sort()).toEqual([...Array(5).fill('duplicate'), 'started']);
  await ended(runOf(slot));
  expect(model.requests).toHaveLength(1);
  expect(await stores.runs.byJob('report', { limit: 10 })).toHaveLength(1);
});
