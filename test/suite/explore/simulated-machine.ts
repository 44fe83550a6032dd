type Json = Record<string, unknown>;
type Retrier = {
  ErrorEquals: string[];
  IntervalSeconds: number;
  MaxAttempts: number;
  BackoffRate: number;
  MaxDelaySeconds: number;
};
type Catcher = { ErrorEquals: string[]; ResultPath: string; Next: string };
type State = {
  Type: string;
  Next: string;
  Resource: string;
  ResultPath: string;
  Retry?: Retrier[];
  Catch?: Catcher[];
  Choices: { Variable: string; StringEquals: string; Next: string }[];
  Default: string;
  Parameters: Json;
  SecondsPath?: string;
  TimestampPath?: string;
  OutputPath?: string;
  ErrorPath: string;
  CausePath: string;
};
export type Definition = { StartAt: string; States: Record<string, State> };

/** The result of a task's invocation, as Step Functions receives it. */
export type TaskResult = { ok: true; payload: string } | { ok: false; error: string; cause: string };
export type End = { status: 'SUCCEEDED'; output: unknown } | { status: 'FAILED'; error: string; cause: string };

export type MachineDeps = {
  /** Called when a state is entered, before it does its work. */
  entered(state: string, input: Json): Promise<void>;
  invoke(resource: string, state: string, input: Json): Promise<TaskResult>;
  /** Waits for some seconds or until an instant. Returns at once for an instant in the past. */
  wait(state: string, until: { seconds: number } | { instant: number }): Promise<void>;
};

/** The supported fields of each type of state. */
const fields: Record<string, string[]> = {
  Task: ['Resource', 'TimeoutSeconds', 'ResultPath', 'Retry', 'Catch', 'Next'],
  Choice: ['Choices', 'Default'],
  Pass: ['Parameters', 'Next'],
  Wait: ['SecondsPath', 'TimestampPath', 'OutputPath', 'Next'],
  Succeed: [],
  Fail: ['ErrorPath', 'CausePath'],
};
const within: Record<string, string[]> = {
  Retry: ['ErrorEquals', 'IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'MaxDelaySeconds', 'JitterStrategy'],
  Catch: ['ErrorEquals', 'ResultPath', 'Next'],
  Choices: ['Variable', 'StringEquals', 'Next'],
};

const only = (where: string, value: object, known: string[]): void => {
  const other = Object.keys(value).filter((key) => !known.includes(key));
  if (other.length > 0) throw new Error(`${where}: the simulated state machine does not know ${other.join(', ')}`);
};

/** Reads a definition. Throws for any field that this simulation does not play as Step Functions does. */
export const readDefinition = (text: string): Definition => {
  const definition: Definition = JSON.parse(text);
  only('the state machine', definition, ['Comment', 'StartAt', 'TimeoutSeconds', 'States']);
  for (const [name, state] of Object.entries(definition.States)) {
    const known = fields[state.Type];
    if (!known) throw new Error(`${name}: the simulated state machine does not know ${state.Type}`);
    only(name, state, ['Type', ...known]);
    if (state.SecondsPath && state.TimestampPath)
      throw new Error(`${name}: found SecondsPath and TimestampPath, expected one of them`);
    for (const [list, parts] of Object.entries(within))
      for (const each of (state[list as 'Retry'] ?? []) as object[]) only(`${name}, ${list}`, each, parts);
  }
  return definition;
};

const steps = (path: string): string[] => {
  if (!/^\$(\.\w+)+$/.test(path)) throw new Error(`the simulated state machine does not know the path ${path}`);
  return path.split('.').slice(1);
};
const at = (data: Json, path: string): unknown =>
  steps(path).reduce<unknown>((value, step) => (value as Json | undefined)?.[step], data);
const withResult = (data: Json, path: string, result: unknown): Json => {
  const [field = '', ...deeper] = steps(path);
  if (deeper.length > 0) throw new Error(`the simulated state machine does not know the ResultPath ${path}`);
  return { ...data, [field]: result };
};
const filled = (parameters: Json, data: Json): Json =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) =>
      name.endsWith('.$') ? [name.slice(0, -2), at(data, String(value))] : [name, value],
    ),
  );

const fits = ({ ErrorEquals }: { ErrorEquals: string[] }, error: string): boolean =>
  ErrorEquals.includes(error) || ErrorEquals.includes('States.ALL');

/** Invokes a task with its retries and returns the last result. */
const attempted = async (name: string, state: State, input: Json, deps: MachineDeps): Promise<TaskResult> => {
  const counts = new Map<Retrier, number>();
  for (;;) {
    const result = await deps.invoke(state.Resource, name, input);
    if (result.ok) return result;
    const retrier = state.Retry?.find((each) => fits(each, result.error));
    const count = (retrier && counts.get(retrier)) ?? 0;
    if (!retrier || count >= retrier.MaxAttempts) return result;
    counts.set(retrier, count + 1);
    const seconds = Math.min(retrier.MaxDelaySeconds, retrier.IntervalSeconds * retrier.BackoffRate ** count);
    await deps.wait(name, { seconds });
  }
};

type Next = { state: string; data: Json } | End;

const task = async (name: string, state: State, data: Json, deps: MachineDeps): Promise<Next> => {
  const result = await attempted(name, state, data, deps);
  if (result.ok) return { state: state.Next, data: withResult(data, state.ResultPath, JSON.parse(result.payload)) };
  const { error, cause } = result;
  const catcher = state.Catch?.find((each) => fits(each, error));
  if (!catcher) return { status: 'FAILED', error, cause };
  return { state: catcher.Next, data: withResult(data, catcher.ResultPath, { Error: error, Cause: cause }) };
};

const untilOf = ({ SecondsPath, TimestampPath }: State, data: Json): { seconds: number } | { instant: number } => {
  if (TimestampPath) return { instant: Date.parse(String(at(data, TimestampPath))) };
  return { seconds: Number(at(data, SecondsPath ?? '')) };
};

const taken = async (name: string, state: State, data: Json, deps: MachineDeps): Promise<Next> => {
  switch (state.Type) {
    case 'Task':
      return task(name, state, data, deps);
    case 'Choice': {
      const choice = state.Choices.find(({ Variable, StringEquals }) => at(data, Variable) === StringEquals);
      return { state: choice?.Next ?? state.Default, data };
    }
    case 'Pass':
      return { state: state.Next, data: filled(state.Parameters, data) };
    case 'Wait':
      await deps.wait(name, untilOf(state, data));
      return { state: state.Next, data: state.OutputPath ? (at(data, state.OutputPath) as Json) : data };
    case 'Succeed':
      return { status: 'SUCCEEDED', output: data };
    default:
      return {
        status: 'FAILED',
        error: String(at(data, state.ErrorPath)),
        cause: String(at(data, state.CausePath)),
      };
  }
};

/** Plays a definition from the given state to its end. All waiting happens in `deps`. */
export const play = async (
  definition: Definition,
  from: { state: string; data: Json },
  deps: MachineDeps,
): Promise<End> => {
  let next: Next = from;
  while ('state' in next) {
    const state: State | undefined = definition.States[next.state];
    if (!state) throw new Error(`the definition has no state ${next.state}`);
    await deps.entered(next.state, next.data);
    next = await taken(next.state, state, next.data, deps);
  }
  return next;
};
