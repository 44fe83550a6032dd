import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedriveExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { executionInput } from '../../../lib/run/execution.ts';
import { existingRun } from '../../../lib/run/run.ts';
import { engines } from './machine-engines.ts';
import { type Bench, begin, eventually, over, perform } from './machine-play.ts';
import { scenarios, shortSeconds } from './machine-scenarios.ts';
import { openScript } from './machine-script.ts';
import { comparable, essence, judge } from './machine-verdict.ts';

/** The comparable result of each scenario on every engine. */
const stood = new Map<string, unknown[]>();

describe.each(Object.entries(engines))('the state machine on %s', (_name, { start, known }) => {
  let bench: Bench;
  let dir: string;

  beforeAll(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'nightshift-machine-')));
    const script = await openScript();
    bench = { script, known, engine: await start(dir, inject('functions'), script) };
  });
  afterAll(async () => {
    await bench?.engine.close();
    await bench?.script.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  const playable = scenarios.filter(({ ends }) => known.endsOvertime || ends !== 'TIMED_OUT');
  test.concurrent.each(playable)('$name: $sentence', async (scenario) => {
    const { at, later, events } = await perform(bench, scenario);
    judge(at, scenario, known);
    expect(events).toBe(scenario.ends === 'SUCCEEDED' ? 0 : 1);
    expect(later).toEqual(at);
    if (comparable(scenario, known))
      stood.set(scenario.name, [...(stood.get(scenario.name) ?? []), essence(at, scenario)]);
  });

  const goesOnPastItsTime = async () => {
    const [overtime] = scenarios.filter(({ ends }) => ends === 'TIMED_OUT');
    const begun = await begin(bench, { ...overtime, name: 'endless', replies: ['held', { text: 'Done.' }] });
    const until = Date.now() + (shortSeconds + 2) * 1000;
    await eventually('the time', Date.now, (now) => now > until);
    expect((await begun.describe()).status).toBe('RUNNING');
    begun.play.release();
    expect((await over(begun)).status).toBe('SUCCEEDED');
  };
  if (!known.endsOvertime)
    test.concurrent(
      'has a known difference from AWS: an execution runs past its own TimeoutSeconds',
      goesOnPastItsTime,
    );

  test('starts one execution for a name despite deliveries during and after it', async () => {
    const begun = await begin(bench, { name: 'named', replies: ['held', { text: 'Once.' }] });
    const { machine, run: name, executionArn, deliver, play } = begun;
    const recorded = await existingRun(name, machine.stores.runs);
    const start = (attempt: number) => {
      const { notBefore, first } = executionInput(recorded);
      const input = JSON.stringify({ notBefore, first: { ...first, attempt } });
      return machine.client.send(new StartExecutionCommand({ stateMachineArn: machine.arn, name, input }));
    };
    const taken = { name: 'ExecutionAlreadyExists' };
    const { startDate } = await begun.describe();
    if (known.equalStart === 'found') expect(await start(1)).toMatchObject({ executionArn, startDate });
    else await expect(start(1)).rejects.toMatchObject(taken);
    await expect(start(2)).rejects.toMatchObject(taken);
    expect(await deliver()).toEqual({ status: 'duplicate', run: name });
    play.release();
    expect((await over(begun)).status).toBe('SUCCEEDED');
    for (const attempt of [1, 2]) await expect(start(attempt)).rejects.toMatchObject(taken);
    expect(await deliver()).toEqual({ status: 'duplicate', run: name });
    expect(play.invoked.map(({ stage }) => stage)).toEqual(['attempt', 'settle']);
  });

  test('has a known difference from AWS: RedriveExecution is missing', async () => {
    const begun = await begin(bench, { name: 'redriven', replies: [{ error: 401 }] });
    expect((await over(begun)).status).toBe('FAILED');
    const redrive = new RedriveExecutionCommand({ executionArn: begun.executionArn });
    await expect(begun.machine.client.send(redrive)).rejects.toMatchObject({ name: known.redrive });
  });
});

describe('the state machine on every engine', () => {
  test.each(scenarios)('$name: every stage gets the same input, and the outcome is the same', (scenario) => {
    const able = Object.values(engines).filter(({ known }) => comparable(scenario, known));
    const [first, ...others] = stood.get(scenario.name) ?? [];
    expect(others).toHaveLength(able.length - 1);
    for (const other of others) expect(other).toEqual(first);
  });
});
