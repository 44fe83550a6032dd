/** The providers of models. `scripted` plays a script file, and runs only if a job names it. */
export const providers = ['anthropic', 'bedrock', 'openai-compatible', 'scripted'] as const;
type Provider = (typeof providers)[number];

/** A parsed model id, `<provider>/<model>`. The model may contain slashes (a Bedrock ARN, `org/name`). */
export type ModelId = { provider: Provider; model: string };

/** The form of a model id, for messages. */
export const modelIdForm = `one of ${providers.map((provider) => `${provider}/…`).join(', ')}`;

/**
 * Parses a model id. Returns undefined if the provider is unknown, or the model is empty, has white space, or a
 * character that means something where it becomes part of an IAM permission: a wildcard, `$`, `{` or `}`.
 */
export const parseModelId = (text: string): ModelId | undefined => {
  const slash = text.indexOf('/');
  const provider = providers.find((name) => name === text.slice(0, slash));
  const model = text.slice(slash + 1);
  return provider && /^[^\s*?${}]+$/.test(model) ? { provider, model } : undefined;
};
