/** Every provider a job may name. `scripted` plays a file and is never chosen silently. */
export const providers = ['anthropic', 'bedrock', 'openai-compatible', 'scripted'] as const;
type Provider = (typeof providers)[number];

/** A job's model: `<provider>/<model>`. The model keeps its own slashes (a Bedrock ARN, a `org/name`). */
export type ModelId = { provider: Provider; model: string };

/** What a model id looks like, for people. */
export const modelIdForm = `one of ${providers.map((provider) => `${provider}/…`).join(', ')}`;

/** Reads a model id, or gives undefined when its provider is unknown or its model is missing, has white space, or a wildcard (it becomes part of a permission). */
export const parseModelId = (text: string): ModelId | undefined => {
  const slash = text.indexOf('/');
  const provider = providers.find((known) => known === text.slice(0, slash));
  const model = text.slice(slash + 1);
  return provider && /^[^\s*?]+$/.test(model) ? { provider, model } : undefined;
};
