import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect } from 'vitest';
import { statusEvent } from '../../../infra/local/step-functions/status-event.ts';
import { stateMachineExecutions } from '../../../lib/io/aws/executions.ts';
import { type DispatchResult, dispatch } from '../../../lib/lifecycle/dispatch.ts';
import type { Run } from '../../../lib/run/run.ts';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { job } from '../../kit/job.ts';
import { silent } from '../../kit/observer.ts';
import type { Engine, Entered, Known, Machine } from './machine-engine.ts';
import { type Asl, runAsl, type Scenario } from './machine-scenarios.ts';
import type { Play, Script } from './machine-script.ts';

/** An engine at work, what is known of it, and what its stages follow. */
export type Bench = { engine: Engine; known: Known; script: Script };

/** A run that was dispatched on an engine. */
export type Begun = {
  machine: Machine;
  play: Play;
  run: string;
  executionArn: string;
  /** Delivers its slot once more. */
  deliver(): Promise<DispatchResult>;
  describe(): Promise<DescribeExecutionCommandOutput>;
};

/** How long anything may take here, in milliseconds. */
const patienceMs = 90_000;

/** Polls `read` until its value holds. Throws `what` with the last value after the deadline. */
export const eventually = async <T>(
  what: string,
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
): Promise<T> => {
  const until = Date.now() + patienceMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > until) throw new Error(`${what} was not seen in time: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const fields = {
  model: 'anthropic/claude-sonnet-4-5',
  prompt: 'Report of ${run}.',
  tools: ['list_runs'],
  retry: { firstDelaySeconds: 0.1 },
};

/** The definition a scenario runs on: the real one, or a copy with what it changes. */
const definitionOf = ({ change }: Pick<Scenario, 'change'>, { called }: Known): string => {
  if (change === undefined) return runAsl;
  const asl: Asl = JSON.parse(runAsl);
  change(asl, called);
  return JSON.stringify(asl);
};

type Cast = Pick<Scenario, 'name' | 'job' | 'replies' | 'faults' | 'change'>;

/** Records and starts a run of a job that plays the scenario, by dispatch's own word and adapters. */
export const begin = async ({ engine, known, script }: Bench, scenario: Cast): Promise<Begun> => {
  const machine = await engine.machine(definitionOf(scenario, known));
  const made = job({ ...fields, ...scenario.job }, scenario.name);
  const slot = slotAt(new Date(Date.now() - 60_000));
  const run = `${made.name}_${slot.replaceAll(/[-:]/g, '')}`;
  const play = script.play(run, scenario);
  const deps = {
    stores: machine.stores,
    executions: stateMachineExecutions(machine.client, machine.arn),
    jobs: async () => made,
    now: () => new Date(),
    observer: silent,
  };
  const deliver = () => dispatch({ job: made.name, slot }, deps);
  expect(await deliver()).toEqual({ status: 'started', run });
  const executionArn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${run}`;
  const describe = () => machine.client.send(new DescribeExecutionCommand({ executionArn }));
  return { machine, play, run, executionArn, deliver, describe };
};

/** The execution when it is over. */
export const over = ({ run, describe }: Begun): Promise<DescribeExecutionCommandOutput> =>
  eventually(`the end of ${run}`, describe, ({ status }) => status !== 'RUNNING');

/** Waits until settle has received the event of a dead execution. Sends the event on an engine without EventBridge. */
const mourn = async ({ machine, play }: Begun, ended: DescribeExecutionCommandOutput): Promise<void> => {
  const { name = '', input = '', status, startDate } = ended;
  if (status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED') {
    await machine.announce?.(statusEvent({ name, input, status, startedAt: Number(startDate), announced: true }));
    const told = () => play.invoked.some(({ by }) => by === 'event');
    await eventually(`the event of the end of ${name}`, told, (heard) => heard);
  }
};

/** How a run stands on an engine. */
export type Standing = {
  ended: Pick<DescribeExecutionCommandOutput, 'status' | 'error' | 'cause'>;
  entered: Entered[];
  /** What the state machine invoked, in order, and with what. */
  invoked: Play['invoked'];
  run: Run;
  /** What became of each attempt, where it failed. */
  failed: (string | undefined)[];
};

const standing = async ({ machine, play, executionArn, run, describe }: Begun): Promise<Standing> => {
  const found = await machine.stores.runs.get(run);
  if (found === undefined) throw new Error(`run ${run} is not stored`);
  const { status, error, cause } = await describe();
  return {
    ended: { status, error, cause },
    entered: await machine.entered(executionArn),
    invoked: play.invoked.filter(({ by }) => by === 'machine'),
    run: found,
    failed: (await machine.stores.attempts.list(run)).map(({ failed }) => failed?.message),
  };
};

const stop = async ({ machine, play, executionArn, describe }: Begun, { stops }: Known): Promise<void> => {
  await play.held;
  await machine.client.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'asked to' }));
  if (stops === 'at once') return;
  expect((await describe()).status).toBe('RUNNING');
  play.release();
};

/** Lets the model send its held reply, then plays another run, so that a late effect would show. */
const afterwards = async (bench: Bench, { play }: Begun, { name, replies }: Scenario): Promise<void> => {
  play.release();
  await eventually('the end of every invocation', play.idle, (idle) => idle);
  if (!replies.includes('held')) return;
  const another = await begin(bench, { name: `after-${name}`, replies: [{ text: 'Done.' }] });
  expect((await over(another)).status).toBe('SUCCEEDED');
};

/**
 * Plays a scenario until its run has its outcome, and gives how all stands then, and `later`, when whatever was still at work
 * has ended. `events`: how often settle was told of a dead execution.
 */
export const perform = async (
  bench: Bench,
  scenario: Scenario,
): Promise<{ at: Standing; later: Standing; events: number }> => {
  const begun = await begin(bench, scenario);
  if (scenario.aborted) await stop(begun, bench.known);
  await mourn(begun, await over(begun));
  const recorded = async () => (await begun.machine.stores.runs.get(begun.run))?.outcome;
  await eventually(`an outcome of ${begun.run}`, recorded, (outcome) => Boolean(outcome));
  const at = await standing(begun);
  await afterwards(bench, begun, scenario);
  const events = begun.play.invoked.filter(({ by }) => by === 'event').length;
  return { at, later: await standing(begun), events };
};
