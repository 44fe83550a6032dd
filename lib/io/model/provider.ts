import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { Model } from '../../agent/model.ts';
import { callOf } from './call.ts';
import { type Generated, type Price, replyOf } from './provider-reply.ts';
import { refusal } from './refusal.ts';

/** A provider's model, ready to be asked. */
export type Provided = {
  model: { doGenerate(options: LanguageModelV4CallOptions): PromiseLike<Generated> };
  /** How this provider is told what to cache, if it is told. */
  cache: SharedV4ProviderOptions | undefined;
  /** What no failure may say. */
  secrets: string[];
};

/** Opens one provider. Throws Unauthorized for a missing key, UnknownModel where it is not known whom to ask. */
export type Provide = (
  model: string,
  settings: {
    env: Record<string, string | undefined>;
    secret(name: string): Promise<string | undefined>;
  },
) => Promise<Provided>;

/** The port on one provider's model. It calls the SDK's provider itself, which neither retries nor runs tools. */
export const providedModel =
  (id: string, { model, cache, secrets }: Provided, { price, now }: { price(): Promise<Price>; now(): Date }): Model =>
  async (request, signal) => {
    signal.throwIfAborted();
    try {
      const generated = await model.doGenerate({ ...callOf(request, cache), abortSignal: signal });
      return replyOf(generated, await price());
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      throw refusal(id, thrown, { secrets, now: now() });
    }
  };
