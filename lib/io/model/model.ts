import type { Model } from '../../agent/model.ts';
import { Failure } from '../../failure.ts';
import { modelIdForm, parseModelId } from '../../job/model-id.ts';
import { providedModel } from './provider.ts';
import type { Price } from './provider-reply.ts';
import { readScript, scripted } from './scripted.ts';

/** Time, as an argument. `wait` ends at once, one way or the other, when the signal aborts. */
type Clock = { now(): Date; wait(seconds: number, signal: AbortSignal): Promise<void> };

export type ModelDeps = {
  /** A secret by its name (`ANTHROPIC_API_KEY`), or undefined where none is set. */
  secret(name: string): Promise<string | undefined>;
  /** The parsed content of a script file, or undefined where there is no such file. */
  script(file: string): Promise<unknown>;
  clock: Clock;
};

/** What opening a model depends on beside its id: the attempt a script plays; base URLs, Region and AWS credentials of `env`. */
export type ModelSettings = { attempt: number; env: Record<string, string | undefined> };

/** Each provider is a chunk of its own, loaded when a job names it. */
const load = {
  anthropic: async () => (await import('./anthropic.ts')).anthropic,
  bedrock: async () => (await import('./bedrock.ts')).bedrock,
  'openai-compatible': async () => (await import('./openai-compatible.ts')).openaiCompatible,
};

/**
 * Opens the model a job names. Throws UnknownModel for an id of no known form or a server of no known address,
 * Unauthorized where a key is missing, InvalidScript for a script that is missing or wrong.
 */
export const openModel = async (id: string, { attempt, env }: ModelSettings, deps: ModelDeps): Promise<Model> => {
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
  // The price table is large, and nobody waits for it before the first reply.
  const price = async (): Promise<Price> => {
    const prices = await import('./prices.ts');
    return (tokens) => prices.price(id, tokens, now(), server);
  };
  return providedModel(id, provided, { price, now });
};
