import type { Model } from '../../agent/model.ts';
import { Failure } from '../../failure.ts';
import { modelIdForm, parseModelId } from '../../job/model-id.ts';
import { type Asked, providedModel } from './provider.ts';
import type { Price } from './reply-usage.ts';
import { readScript, scripted } from './scripted.ts';

/** The clock, as an argument. `wait` settles at once if the signal aborts. */
type Clock = { now(): Date; wait(seconds: number, signal: AbortSignal): Promise<void> };

export type ModelDeps = {
  /** A secret by name (`ANTHROPIC_API_KEY`), or undefined if it is not set. */
  secret(name: string): Promise<string | undefined>;
  /** The parsed content of a script file, or undefined if there is no such file. */
  script(file: string): Promise<unknown>;
  clock: Clock;
  /** Told what a provider's request leaves out or changes, in a sentence. */
  warn?(warning: string): void;
};

/** `attempt` selects the part of a script. `env` holds base URLs, Region and AWS credentials. */
export type ModelSettings = { attempt: number; env: Record<string, string | undefined> } & Asked;

/** Loads a provider's module. Each one is a chunk of its own, so a cold start reads only the one it needs. */
const load = {
  anthropic: async () => (await import('./anthropic.ts')).anthropic,
  bedrock: async () => (await import('./bedrock.ts')).bedrock,
  'openai-compatible': async () => (await import('./openai-compatible.ts')).openaiCompatible,
};

/**
 * Opens the model that a job names. Throws UnknownModel (invalid id, or no address for its server), Unauthorized (missing key)
 * or InvalidScript (missing or invalid script).
 */
export const openModel = async (
  id: string,
  { attempt, env, outputTokens, result }: ModelSettings,
  deps: ModelDeps,
): Promise<Model> => {
  const parsed = parseModelId(id);
  if (!parsed) throw new Failure('UnknownModel', `model ${JSON.stringify(id)}: must be ${modelIdForm}`);
  const { provider, model } = parsed;
  if (provider === 'scripted') {
    return scripted(readScript(model, await deps.script(model)), { file: model, attempt }, deps.clock);
  }
  const provide = await load[provider]();
  const provided = await provide(model, { env, secret: deps.secret });
  const server = provider === 'openai-compatible' ? env.OPENAI_COMPATIBLE_BASE_URL : undefined;
  const { now } = deps.clock;
  // The price table is large, so it is loaded after the first reply.
  const price = async (): Promise<Price> => {
    const prices = await import('./prices.ts');
    return (tokens) => prices.price(id, tokens, now(), server);
  };
  return providedModel(id, provided, { outputTokens, result }, { price, now, warn: deps.warn ?? (() => {}) });
};
