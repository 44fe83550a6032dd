import { GetExecutionHistoryCommand, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import type { FunctionName } from '../../../infra/package/build.ts';
import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Script } from './machine-script.ts';

/** A state an execution has entered, and when. */
export type Entered = { state: string; atMs: number };

/** One state machine on an engine, with the real stages and their table behind it. */
export type Machine = {
  client: SFNClient;
  arn: string;
  stores: Stores;
  entered(executionArn: string): Promise<Entered[]>;
  /** Sends settle the event of an execution's end, on an engine without EventBridge. */
  announce?(event: unknown): Promise<unknown>;
};

/** An engine at work. `machine` gives the one state machine of a definition, whose `${AttemptArn}` … are still to be filled. */
export type Engine = { machine(definition: string): Promise<Machine>; close(): Promise<void> };

/** The known differences of an engine from AWS. Every field is asserted, so a fixed difference fails a test. */
export type Known = {
  /** The engine's name for an error of AWS. */
  called(name: string): string;
  /** What it answers to a start with the name and the input of an execution that runs. AWS: `found`. */
  equalStart: 'found' | 'refused';
  /** When an execution that is stopped ends. AWS: at once. */
  stops: 'at once' | 'after its task';
  /** Whether a stopped execution says the error and the cause it was given. AWS does. */
  tellsWhyStopped: boolean;
  /** Whether an execution's own TimeoutSeconds ends it. On AWS it does. */
  endsOvertime: boolean;
  /** The error by which it says that it has no RedriveExecution. AWS has it. */
  redrive: string;
};

/** Starts an engine. Its stages report to the script and receive their faults from it. */
export type StartEngine = (dir: string, bundles: Record<FunctionName, string>, script: Script) => Promise<Engine>;

/** Fills a definition's placeholders, as DefinitionSubstitutions does. */
export const filled = (definition: string, arnOf: (stage: string) => string): string =>
  definition.replace(/\$\{(\w+)Arn\}/g, (_, name: string) => arnOf(name.toLowerCase()));

const entry = ({ type, stateEnteredEventDetails, timestamp }: HistoryEvent): Entered[] =>
  type?.endsWith('StateEntered') && stateEnteredEventDetails?.name !== undefined
    ? [{ state: stateEnteredEventDetails.name, atMs: timestamp?.getTime() ?? Number.NaN }]
    : [];

/** The states an execution has entered, from its own history. */
export const history =
  (client: SFNClient) =>
  async (executionArn: string): Promise<Entered[]> => {
    const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    return events.flatMap(entry);
  };

/** Memoises `make` by key. */
export const once = <T>(make: (key: string) => Promise<T>): ((key: string) => Promise<T>) => {
  const made = new Map<string, Promise<T>>();
  return (key) => {
    const found = made.get(key) ?? make(key);
    made.set(key, found);
    return found;
  };
};
