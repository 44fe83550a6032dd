import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4Prompt,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider';
import type { Model, ModelReply, ModelRequest } from '../../agent/model.ts';
import { Failure } from '../../failure.ts';
import type { Usage } from '../../usage.ts';
import { callOf } from './call.ts';
import { type Collected, collect } from './collected.ts';
import { replyOf } from './provider-reply.ts';
import { refusal, ToldError } from './refusal.ts';
import { cutUsage, type Price, replyUsage, type Size } from './reply-usage.ts';
import { type Dialect, type Wire, wireOf } from './wire.ts';

/** One call's own form of the wire, with what its dialect learns beside the AI SDK. */
export type Call = {
  dialect?: Dialect;
  /** Tokens of the request, where the provider tells them before the reply has ended. */
  inputTokens?(): number | undefined;
  /** The prompt as this provider wants it. `extras` is false after the server refused what not every server takes. */
  prompt?(prompt: LanguageModelV4Prompt, extras: boolean): LanguageModelV4Prompt;
  content?(content: LanguageModelV4Content[]): LanguageModelV4Content[];
};

/** An opened model of a provider. */
export type Provided = {
  /** Makes the AI SDK's model for one call, on this network. */
  model(fetch: typeof globalThis.fetch): Pick<LanguageModelV4, 'doStream'>;
  call(): Call;
  /** The options with which the provider is asked for an answer that fits a schema, beside tools or alone. Undefined if it cannot be asked. */
  typed(tools: boolean): SharedV4ProviderOptions | undefined;
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

/** What the job asks of each reply: how many tokens it may have, and the schema of the final answer. */
export type Asked = { outputTokens?: number | undefined; result?: Record<string, unknown> | undefined };

export type ProviderDeps = {
  price(): Promise<Price>;
  now(): Date;
  /** Told once what the AI SDK changed or left out of the requests. */
  warn(warning: string): void;
};

/** Raw chunks show what the AI SDK could not read. */
const optionsOf = (
  request: ModelRequest,
  { provided, asked: { outputTokens, result } }: Pick<Context, 'provided' | 'asked'>,
  { prompt = (same) => same }: Call,
  extras: boolean,
): LanguageModelV4CallOptions => {
  const call = callOf(request, provided.cache);
  const typed = extras && result !== undefined ? provided.typed(request.tools.length > 0) : undefined;
  return {
    ...call,
    prompt: prompt(call.prompt, extras),
    includeRawChunks: true,
    ...(extras && outputTokens !== undefined && { maxOutputTokens: outputTokens }),
    ...(typed && { providerOptions: typed, responseFormat: { type: 'json', schema: result, name: 'result' } }),
  };
};

const warningText = (warning: Collected['warnings'][number]): string =>
  Object.values(warning)
    .filter((value) => typeof value === 'string')
    .join(': ');

type Context = { id: string; provided: Provided; asked: Asked; deps: ProviderDeps };

/** The reply of a stream that came to its end. Bedrock's only sign of that is a word. */
const whole = async (reply: Collected, size: Size, call: Call, wire: Wire, deps: ProviderDeps): Promise<ModelReply> => {
  const { content, finishReason, usage, warnings } = reply;
  const error = wire.error();
  if (error) throw error;
  if (!finishReason || !(call.dialect ? wire.ended() : finishReason.raw !== undefined)) {
    throw new ToldError({ status: 200, headers: {}, body: 'the reply broke off' });
  }
  for (const warning of warnings) deps.warn(warningText(warning));
  return replyOf({
    content: call.content?.(content) ?? content,
    finishReason,
    usage: replyUsage(usage, size, await deps.price()),
  });
};

/** One call. A failure carries what had been used; `used` is told it also where the signal ends the call. */
const ask = async (
  request: ModelRequest,
  signal: AbortSignal,
  extras: boolean,
  context: Context,
  used: (usage: Usage) => void,
): Promise<ModelReply> => {
  const { id, provided, deps } = context;
  const call = provided.call();
  const wire = wireOf(call.dialect);
  const options = optionsOf(request, context, call, extras);
  const reply: Collected = { content: [], characters: 0, warnings: [] };
  const size = (): Size => ({
    request: JSON.stringify([options.prompt, request.tools]).length,
    reply: reply.characters,
  });
  /** What had been used when the call broke off: nothing before the reply began. */
  const spent = (): Usage | undefined => {
    const inputTokens = call.inputTokens?.();
    return reply.characters > 0 || inputTokens !== undefined ? cutUsage(inputTokens, size()) : undefined;
  };
  const onAbort = (): void => {
    const usage = spent();
    if (usage) used(usage);
  };
  signal.addEventListener('abort', onAbort);
  try {
    const { stream } = await provided.model(wire.fetch).doStream({ ...options, abortSignal: signal });
    await collect(stream, reply);
    return await whole(reply, size(), call, wire, deps);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw refusal(id, wire.error() ?? thrown, { secrets: provided.secrets, now: deps.now(), usage: spent() });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/** Whether a request has anything that not every server takes. */
const hasExtras = (request: ModelRequest, context: Context): boolean => {
  const [full, plain] = [true, false].map((extras) => optionsOf(request, context, context.provided.call(), extras));
  return JSON.stringify(full) !== JSON.stringify(plain);
};

const isRefused = (thrown: unknown): thrown is Failure =>
  thrown instanceof Failure && thrown.name === 'InvalidPrompt' && thrown.usage === undefined;

/**
 * Implements `Model` by an AI SDK provider. It calls the provider directly, because the SDK's own loop retries and runs tools. A server that
 * refuses what not every server takes (a schema for the answer, thoughts, a limit of tokens) is asked once more without it.
 */
export const providedModel = (id: string, provided: Provided, asked: Asked, deps: ProviderDeps): Model => {
  const warned = new Set<string>();
  const warn = (warning: string): void => {
    if (!warned.has(warning)) deps.warn(warning);
    warned.add(warning);
  };
  const context: Context = { id, provided, asked, deps: { ...deps, warn } };
  let extras = true;
  return async (request, signal, used = () => {}) => {
    signal.throwIfAborted();
    try {
      return await ask(request, signal, extras, context, used);
    } catch (thrown) {
      if (!extras || !isRefused(thrown) || !hasExtras(request, context)) throw thrown;
      const reply = await ask(request, signal, false, context, used).catch((again) => {
        throw isRefused(again) ? thrown : again;
      });
      extras = false;
      warn('the server refuses a limit of tokens, a schema or thoughts, and is asked without them');
      return reply;
    }
  };
};
