import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { agentLoop, type Clock, type Opened } from '../../../lib/agent/agent-loop.ts';
import { giveUp } from '../../../lib/agent/give-up.ts';
import type { ModelReply, ModelRequest } from '../../../lib/agent/model.ts';
import { type Tool, ToolError, type ToolErrorKind, tool } from '../../../lib/agent/tool.ts';
import { Failure, type FailureName } from '../../../lib/failure.ts';
import { schedulerDeployedSchedules } from '../../../lib/io/aws/deployed-schedules.ts';
import { ExecutionEndEvent } from '../../../lib/io/aws/execution-end.ts';
import { stateMachineExecutions } from '../../../lib/io/aws/executions.ts';
import { dynamoStores } from '../../../lib/io/store/stores.ts';
import { giveUpName, Job } from '../../../lib/job/job.ts';
import { DispatchEvent, dispatch } from '../../../lib/lifecycle/dispatch.ts';
import { settle } from '../../../lib/lifecycle/settle.ts';
import { TriageInput, triage } from '../../../lib/lifecycle/triage.ts';
import { parse } from '../../../lib/parse.ts';
import { changeState, type JobState } from '../../../lib/policy/job-state.ts';
import { paused, resumed } from '../../../lib/policy/pause.ts';
import { AttemptInput } from '../../../lib/run/attempt.ts';
import type { Observer } from '../../../lib/run/observer.ts';
import type { Run } from '../../../lib/run/run.ts';
import { watch } from '../../../lib/watch/watchman.ts';
import { placeOf } from './play.ts';

/** The model's answer: a reply, or a provider failure. */
export type ModelAnswer = { reply: ModelReply } | { failure: FailureName; retryAfterSeconds?: number };
/** A tool's answer: its output, or how it failed. */
export type ToolAnswer = { output: string } | { fails: ToolErrorKind | 'bug' };
export type ModelCall = { runId: string; attempt: number; request: ModelRequest; signal: AbortSignal };
export type ToolCall = { runId: string; attempt: number; tool: string; input: unknown; signal: AbortSignal };

type Observation =
  | 'recorded'
  | 'committed'
  | 'failed'
  | 'closed'
  | 'settled'
  | 'tripped'
  | 'checked'
  | 'check-failed'
  | 'damaged';

/** The simulated ports of a process, as functions/*.ts would wire them. */
export type World = {
  store: DynamoDBClient;
  machine: SFNClient;
  scheduler: SchedulerClient;
  clock: Clock;
  token(): string;
  random(): number;
  /** The deployed job files, by name. */
  jobs: Record<string, Record<string, unknown>>;
  ask(asked: ModelCall): Promise<ModelAnswer>;
  act(acted: ToolCall): Promise<ToolAnswer>;
  /** Receives every call of the product's observer. */
  observed(what: Observation, detail: unknown): void;
};

const simulated = (effect: Tool['effect'], name: string, world: World, runId: string, attempt: number): Tool =>
  tool({
    description: `${name}s.`,
    input: z.strictObject({ to: z.string() }),
    effect,
    place: ({ to }) => placeOf(to),
    run: async (input, { signal }) => {
      const made = await world.act({ runId, attempt, tool: name, input, signal });
      if ('output' in made) return made.output;
      if (made.fails === 'bug') throw new TypeError('a bug in a tool');
      throw new ToolError(made.fails, `the other side: ${made.fails}`);
    },
  }) as Tool;

const OperatorCommand = z.strictObject({ job: z.string(), does: z.enum(['pause', 'resume']) });

/** Whether the SDK threw this after its last retry. Lambda or the watchman then tries again. */
const isSdk = (cause: unknown): boolean =>
  cause instanceof Error && ['ThrottlingException', 'TimeoutError'].includes(cause.name);

const unused = () => Promise.reject(new Error('the tools of the explorer use neither HTTP nor past runs'));

/** The functions of one environment, wired as in functions/*.ts. Clients are made once for each environment, as on AWS. */
export const handlers = (world: World) => {
  const { clock, store, machine, scheduler, observed } = world;
  const { now } = clock;
  const damaged = (failure: Failure) => observed('damaged', failure.message);
  const stores = dynamoStores(store, 'nightshift', { now, token: world.token, damaged });
  const executions = stateMachineExecutions(machine, 'arn:aws:states:eu-west-1:000000000000:stateMachine:nightshift');
  const schedules = schedulerDeployedSchedules(scheduler, 'nightshift');
  const allJobs = Object.entries(world.jobs).map(([name, file]) => Job.parse({ ...file, name }));
  const jobs = async (name: string) => allJobs.find((job) => job.name === name);
  const observer: Observer = {
    runRecorded: (run) => observed('recorded', run.id),
    runSettled: (run) => observed('settled', run.id),
    breakerOpened: (run) => observed('tripped', run.id),
    modelWarned() {},
    stepCommitted: (run, attempt, step) => observed('committed', [run.id, attempt, step.number]),
    attemptFailed: (_, failure) => observed('failed', failure.name),
    attemptClosed: (run, attempt) => observed('closed', [run.id, attempt.number]),
    jobChecked: (_, finding) => observed('checked', finding),
    jobCheckFailed: (_, { name, cause }) => observed('check-failed', isSdk(cause) ? (cause as Error).name : name),
    allJobsChecked() {},
  };
  const open = async (run: Run, attempt: number): Promise<Opened> => {
    const { job, id: runId, slot } = run;
    const tools = {
      look: simulated('none', 'look', world, runId, attempt),
      pay: simulated('once', 'pay', world, runId, attempt),
      [giveUpName]: giveUp as Tool,
    };
    const context = { job, runId, slot, attempt, http: unused, pastRuns: { runs: unused, previousResult: unused } };
    return {
      model: async (request, signal) => {
        const said = await world.ask({ runId, attempt, request, signal });
        if ('reply' in said) return said.reply;
        const { failure, ...facts } = said;
        throw new Failure(failure, 'the simulated provider failed', facts);
      },
      specs: [],
      calls: { tools, context, effects: stores.effects },
    };
  };
  const lambda =
    <Event>(schema: z.ZodType<Event>, work: (event: Event) => Promise<unknown>) =>
    (raw: unknown): Promise<unknown> =>
      work(parse(schema, raw, 'InvalidEvent', 'event'));
  return {
    dispatch: lambda(DispatchEvent, (event) => dispatch(event, { stores, executions, jobs, now, observer })),
    attempt: lambda(AttemptInput, (input) => agentLoop(input, { stores, open, clock, observer })),
    triage: lambda(TriageInput, (input) => triage(input, { stores, now, random: world.random, observer })),
    settle: lambda(ExecutionEndEvent, (end) => settle(end, { stores, executions, now, observer })),
    watchman: lambda(z.looseObject({}), () => watch(allJobs, { stores, executions, schedules, now, observer })),
    /** Pauses or resumes a job, as the command line does for an operator. */
    person: lambda(OperatorCommand, ({ job, does }) => {
      const since = now();
      const pause = { by: 'ana', since: since.toJSON(), until: null, note: 'explored' };
      const change = ({ pauses }: JobState) => ({
        pauses: does === 'pause' ? paused(pauses, pause) : resumed(pauses, since),
      });
      return changeState(job, change, stores.states);
    }),
  };
};
export type FunctionName = keyof ReturnType<typeof handlers>;
