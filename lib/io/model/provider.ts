import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { Model } from '../../agent/model.ts';
import { callOf } from './call.ts';
import { type Generated, type Price, replyOf } from './provider-reply.ts';
import { refusal } from './refusal.ts';

/** An opened model of a provider. */
export type Provided = {
  model: { doGenerate(options: LanguageModelV4CallOptions): PromiseLike<Generated> };
  /** The option that marks a message for the provider's cache, if the provider has one. */
  cache: SharedV4ProviderOptions | undefined;
  /** Texts that must not appear in a failure's message. */
  secrets: string[];
};

/** Opens a provider's model. Throws Unauthorized (missing key) or UnknownModel (no address). */
export type Provide = (
  model: string,
  settings: {
    env: Record<string, string | undefined>;
    secret(name: string): Promise<string | undefined>;
  },
) => Promise<Provided>;

/** Implements `Model` by an AI SDK provider. It calls the provider directly, because the SDK's own loop retries and runs tools. */
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
