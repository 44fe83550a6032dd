import type * as z from 'zod';
import type { Job } from '../job/job.ts';
import type { Http } from './http.ts';
import type { PastRuns } from './past-runs.ts';

/** What a tool gets besides its input. A tool reaches the outside only through `http` and `pastRuns`. */
export type ToolContext = {
  job: Job;
  runId: string;
  /** The run's slot, ISO 8601 UTC. */
  slot: string;
  /** Aborts when the tool's time is over. A tool passes it to everything it waits for. */
  signal: AbortSignal;
  /** Set if `effect` is `once`: the same for every repetition of this call in the run. Send it as Idempotency-Key. */
  idempotencyKey: string | undefined;
  http: Http;
  pastRuns: PastRuns;
};

/** `once`: a call changes the world. `none`: it only reads. */
export type Effect = 'none' | 'once';

/**
 * A tool: the default export of `lib/tools/<name>.ts`, where jobs refer to `<name>`.
 * `effect: 'once'` declares that a call changes the world: an equal call then happens at most once per run, across attempts. Where that depends on
 * the arguments, `effect` says it of them as they came, also of wrong ones. `place` says where such a call goes: a later call to the same place makes
 * good one that was not made. Without `place`, all calls go to one place.
 * `outside` declares that the output holds text of others, such as a page: the model sees it marked as data.
 * `run` returns text or JSON for the model. The model sees the message of a ToolError, but not that of other errors.
 */
export type Tool<Input = unknown> = {
  description: string;
  input: z.ZodType<Input>;
  /** The arguments as a JSON Schema, where `input` checks more than it can say. */
  schema?: Record<string, unknown>;
  effect: Effect | ((input: unknown) => Effect);
  place?(input: Input): string;
  outside?: true;
  run(input: Input, context: ToolContext): Promise<unknown>;
};

/** Whether a tool has calls that change the world. */
export const mayChange = (tool: Tool | undefined): boolean => tool !== undefined && tool.effect !== 'none';

/** Whether a call with these arguments changes the world. */
export const changes = ({ effect }: Tool, input: unknown): boolean =>
  (typeof effect === 'function' ? effect(input) : effect) === 'once';

/** The longest place that is recorded, in characters. */
const maxPlace = 500;

/** Where a call goes, as its tool says; null if its arguments are not the tool's, or name no place. */
export const placeOf = (tool: Tool | undefined, input: unknown): string | null => {
  const checked = tool?.input.safeParse(input);
  if (!checked?.success) return null;
  try {
    return (tool?.place?.(checked.data) ?? '').slice(0, maxPlace).toWellFormed();
  } catch {
    return null;
  }
};

/** Infers a tool's input type from its schema. */
export const tool = <Input>(definition: Tool<Input>): Tool<Input> => definition;

/**
 * Why a tool call failed. `refused`: not made or not carried out, and it would be refused again. `unreachable`: not made, because the other
 * side could not be reached. `interrupted`: sent, but the result is unknown, so it may have happened. `error`: made, and answered with an error;
 * it changed nothing.
 */
export type ToolErrorKind = 'refused' | 'unreachable' | 'interrupted' | 'error';

/** A tool's failure. The model sees the message, so it must not contain a secret. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly kind: ToolErrorKind;

  constructor(kind: ToolErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
