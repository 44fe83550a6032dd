import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { JobState } from '../../../lib/policy/job-state.ts';
import type { Run } from '../../../lib/run/run.ts';
import { compactSlot, type Slot, slotAt } from '../../../lib/schedule/slot.ts';
import { type Ask, type Gate, openGate } from './gate.ts';
import type { handlers } from './handlers.ts';
import type { Event, NewEvent } from './history.ts';
import type { Cue, Play } from './play.ts';
import { executionOf, simulatedClient } from './simulated-client.ts';
import { type Executions, openExecutions } from './simulated-executions.ts';
import { type Environment, type Lambda, openLambda } from './simulated-lambda.ts';
import type { Definition } from './simulated-machine.ts';
import { type AgentDeps, simulatedModel, simulatedTools } from './simulated-model.ts';
import { openQueue, type Queue } from './simulated-queue.ts';
import type { Command } from './simulated-sdk.ts';
import { openStore, type Store } from './simulated-store.ts';

const firstSlot = Date.parse('2026-11-22T07:00:00Z');
/** Slots are so close that a process of one slot still lives at the next. */
const rateMs = 60_000;
/** The delay of an event after its slot. */
const delayMs = 5_000;

/** The simulated service around the product: clock, store, executions and functions. */
export type World = {
  play: Play;
  gate: Gate;
  store: Store;
  lambda: Lambda;
  executions: Executions;
  queue: Queue;
  history: Event[];
  clock: { now: number; step: number };
  record(what: NewEvent): void;
  /** Delivers the nth slot, as the schedule does. */
  deliver(number: number): void;
  /** Makes the nth slot due without a delivery. */
  due(number: number): void;
  slots: Map<number, string>;
  outcomes: Set<string>;
  claims: number;
  /** Runs that have had a lease or a place in the queue. */
  placed: Set<string>;
  /** Runs that have claimed an attempt. */
  claimed: Set<string>;
  /** The cues that are left. */
  cues: Cue[];
  person(does: 'pause' | 'resume'): void;
  /** Wakes the watchman. */
  watch(): void;
};

export const openWorld = (
  play: Play,
  definition: Definition,
  environment: (number: number) => typeof handlers,
): World => {
  const gate = openGate();
  const store = openStore('nightshift', { lag: true });
  const history: Event[] = [];
  const clock = { now: firstSlot, step: 0 };
  const record = (what: NewEvent): void => {
    history.push({ ...what, step: clock.step, at: clock.now } as Event);
  };
  const now = () => clock.now;
  let serials = 0;
  const serial = () => ++serials;
  const timeouts = new WeakMap<AbortSignal, AbortController>();
  let environments = 0;

  const start = (env: Environment): Environment['handlers'] => {
    const process = () => {
      if (env.process) return env.process;
      record({ type: 'stray', actor: env.name });
      throw new Error(`${env.name} acts outside any invocation`);
    };
    const pass = (ask: Ask) => gate.pass(process(), ask);
    const putOrRead = ({ action, input }: Command): unknown => {
      const writes = store.writes.length;
      const given = store.answer(action, input);
      const written = store.writes[writes];
      if (written) wrote(process().name, written);
      return given;
    };
    const ofExecution = ({ action, input }: Command): unknown => {
      const name = executionOf(input);
      if (action === 'DescribeExecution') return { status: world.executions.status(name) };
      if (action === 'StopExecution') world.executions.stop(name, String(input.error));
      else world.executions.start(name, String(input.input));
      return {};
    };
    const agent: AgentDeps = {
      ...{ play, pass, serial, record },
      slotOf: (run) => [...world.slots].find(([, id]) => id === run)?.[0] ?? 0,
      actor: () => process().name,
      expire: (signal) => timeouts.get(signal)?.abort(new Error('the simulated timeout has passed')),
    };
    const ask = simulatedModel(agent);
    return environment(environments++)({
      store: simulatedClient({ pass, answer: putOrRead }) as unknown as DynamoDBClient,
      machine: simulatedClient({ pass, answer: ofExecution }) as unknown as SFNClient,
      scheduler: simulatedClient({ pass, answer: deployed }) as unknown as SchedulerClient,
      clock: {
        now: () => new Date(clock.now),
        remainingMs: () => (process().modelCalls >= (play.callsPerInvocation ?? 99) ? 0 : 200_000),
        timeout: () => {
          const controller = new AbortController();
          timeouts.set(controller.signal, controller);
          return controller.signal;
        },
      },
      token: () => `token-${serial()}`,
      random: () => 0.5,
      jobs: { [play.name]: play.job },
      ask: (asked) => {
        process().modelCalls += 1;
        return ask(asked);
      },
      act: simulatedTools(agent),
      observed: (what, detail) => record({ type: 'observed', actor: process().name, what, detail }),
    });
  };

  const wrote = (actor: string, written: Store['writes'][number]): void => {
    record({ type: 'wrote', actor, ...written });
    const { pk, sk, data } = written.item;
    const kind = Object.keys(onWrite).find((prefix) => sk.startsWith(prefix));
    if (kind) onWrite[kind]?.(JSON.parse(String(data)) as never, pk);
  };

  /** Updates the world after a write, by the prefix of its sort key. Cues and moments depend on it. */
  const onWrite: Record<string, (data: never, pk: string) => void> = {
    'attempt#': (_, pk) => {
      world.claims += 1;
      world.claimed.add(pk.replace(/^run#/, ''));
    },
    state: ({ open, queued }: JobState) => {
      for (const { run } of open) world.placed.add(run);
      if (queued !== null) world.placed.add(queued);
    },
    'run#': ({ id, outcome }: Run) => {
      if (outcome) world.outcomes.add(id);
    },
  };

  const lambda = openLambda({ gate, start, record });
  const queue = openQueue({
    ...{ gate, lambda, now },
    forward: (ms) => {
      clock.now += ms;
    },
  });
  const executions = openExecutions(definition, {
    ...{ gate, lambda, record, now },
    deliver: (fn, event, run) => queue.deliver({ fn, event, run }),
  });
  /** Answers GetSchedule with the schedule of the job file. */
  const deployed = ({ action }: Command): unknown => {
    if (action !== 'GetSchedule') throw new Error(`the simulated Scheduler does not know ${action}`);
    const { schedule, enabled } = play.job as { schedule: { cron: string }; enabled?: boolean };
    if (enabled === false) throw Object.assign(new Error('no schedule'), { name: 'ResourceNotFoundException' });
    const [CreationDate, ScheduleExpressionTimezone, State] = [new Date(firstSlot - 3_600_000), 'UTC', 'ENABLED'];
    return { ScheduleExpression: `cron(${schedule.cron})`, ScheduleExpressionTimezone, State, CreationDate };
  };
  const slotOf = (number: number): Slot => slotAt(new Date(firstSlot + number * rateMs));
  const runOf = (number: number): string => `${play.name}_${compactSlot(slotOf(number))}`;
  const world: World = {
    ...{ play, gate, store, lambda, executions, queue, history, clock, record },
    slots: new Map(),
    outcomes: new Set(),
    claims: 0,
    claimed: new Set(),
    placed: new Set(),
    cues: [...(play.cues ?? [])],
    due(number) {
      world.slots.set(number, runOf(number));
      clock.now = Math.max(clock.now, Date.parse(slotOf(number)) + delayMs);
    },
    deliver(number) {
      world.due(number);
      const [slot, run] = [slotOf(number), runOf(number)];
      queue.deliver({ fn: 'dispatch', event: { job: play.name, slot }, run, slot: number });
    },
    person: (does) => queue.deliver({ fn: 'person', event: { job: play.name, does }, run: play.name }),
    watch: () => void lambda.invoke('watchman', {}, { machine: false, run: play.name }),
  };
  return world;
};
