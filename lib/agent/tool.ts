import type * as z from 'zod';
import type { Job } from '../job/job.ts';
import type { Http } from './http.ts';
import type { PastRuns } from './past-runs.ts';

/** What a tool gets beside its input. Everything that leaves the process goes through `http` or `ledger`. */
export type ToolContext = {
  job: Job;
  runId: string;
  /** The run's slot, ISO 8601 UTC. */
  slot: string;
  /** Aborts when the tool's time is over; a tool hands it on to whatever it waits for. */
  signal: AbortSignal;
  /** Set for an effect `once`: the same for every repeat of this call in this run. Goes out as Idempotency-Key. */
  idempotencyKey: string | undefined;
  http: Http;
  pastRuns: PastRuns;
};

/**
 * A tool: one file in lib/tools, named as the job file names it, with this as its default export.
 * `effect: 'once'` says that a call changes the world: it then happens at most once a run, across attempts.
 * `run` returns text or JSON for the model. It throws ToolError for what the model should be told; anything else is also
 * told to the model, as an error without its message.
 */
export type Tool<Input = unknown> = {
  description: string;
  input: z.ZodType<Input>;
  effect: 'none' | 'once';
  run(input: Input, context: ToolContext): Promise<unknown>;
};

/** Ties a tool's input type to its schema. */
export const tool = <Input>(definition: Tool<Input>): Tool<Input> => definition;

/**
 * Why a tool call failed. `refused`: it was not made, and would be refused again. `unreachable`: it was not made, the other
 * side could not be reached. `interrupted`: it was made and its end was not seen, so it may have happened.
 */
export type ToolErrorKind = 'refused' | 'unreachable' | 'interrupted';

/** A tool's failure, told to the model in its own words. The message must hold no secret. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly kind: ToolErrorKind;

  constructor(kind: ToolErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
