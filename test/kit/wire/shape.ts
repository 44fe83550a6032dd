import { Ajv2020 } from 'ajv/dist/2020.js';
import * as z from 'zod';

const unknowns = z.record(z.string(), z.unknown());
const name = z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/);
const toolUseId = z.string().regex(/^[a-zA-Z0-9_-]+$/);
const cache_control = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() }).nullish();

const Text = z.strictObject({
  type: z.literal('text'),
  text: z.string().min(1),
  cache_control,
  citations: z.unknown().optional(),
});
const Source = z.strictObject({ type: z.literal(['image', 'document']), source: unknowns, cache_control });

/** Content blocks by their `type`: a request may hold only these. */
const blocks = {
  text: Text,
  image: Source,
  document: Source,
  thinking: z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  redacted_thinking: z.strictObject({ type: z.literal('redacted_thinking'), data: z.string() }),
  tool_use: z.strictObject({
    type: z.literal('tool_use'),
    id: toolUseId,
    name,
    input: unknowns,
    cache_control,
    caller: z.unknown().optional(),
  }),
  tool_result: z.strictObject({
    type: z.literal('tool_result'),
    tool_use_id: toolUseId,
    content: z.union([z.string(), z.array(z.unknown())]).nullish(),
    is_error: z.boolean().nullish(),
    cache_control,
  }),
};

const Message = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.string(), z.array(z.unknown())]),
});

const CustomTool = z.strictObject({
  type: z.literal('custom').nullish(),
  name,
  description: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal('object') }),
  cache_control,
  strict: z.boolean().optional(),
  eager_input_streaming: z.boolean().optional(),
  input_examples: z.array(z.unknown()).optional(),
  defer_loading: z.boolean().optional(),
  allowed_callers: z.array(z.string()).optional(),
});

const Body = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.int().min(1),
  messages: z.array(z.unknown()),
  system: z.union([z.string(), z.array(z.unknown())]).optional(),
  tools: z.array(z.unknown()).optional(),
  tool_choice: z
    .strictObject({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).optional(),
  stop_sequences: z.array(z.string()).optional(),
  stream: z.boolean().optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_k: z.number().int().optional(),
  top_p: z.number().optional(),
  thinking: unknowns.optional(),
  output_config: unknowns.optional(),
  cache_control,
  container: z.unknown().optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
});

/** The parts of a block that the rules of the conversation use. */
export type Block = { type: string; cache_control?: unknown; [field: string]: unknown };
/** A well-formed request: `content` and `system` are lists of blocks, whatever form they were sent in. */
export type Shaped = {
  model: string;
  max_tokens: number;
  stream: boolean;
  system: Block[];
  tools: { name: string; cache_control?: unknown }[];
  tool_choice: { type: string; name?: string | undefined } | undefined;
  messages: { role: 'user' | 'assistant'; content: Block[] }[];
};

const wanted: Record<string, string> = {
  string: 'Input should be a valid string',
  int: 'Input should be a valid integer',
  number: 'Input should be a valid number',
  boolean: 'Input should be a valid boolean',
  array: 'Input should be a valid list',
  object: 'Input should be a valid dictionary',
  record: 'Input should be a valid dictionary',
};

const oneOf = (values: readonly unknown[]): string =>
  `Input should be ${values.map((value) => `'${String(value)}'`).join(' or ')}`;

const sentence = (issue: z.core.$ZodIssue): string => {
  if (issue.input === undefined && issue.code !== 'unrecognized_keys') return 'Field required';
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'Extra inputs are not permitted';
    case 'invalid_type':
      return wanted[issue.expected] ?? 'Input should be valid';
    case 'invalid_format':
      return `String should match pattern '${String(issue.pattern).slice(1, -1)}'`;
    case 'invalid_value':
      return oneOf(issue.values);
    case 'too_small':
      // The real one says "Field required" of a text left out (as Go's omitempty leaves out '') and
      // "messages: text content blocks must be non-empty" of '' itself; here both are the first.
      if (issue.path.at(-1) === 'text') return 'Field required';
      if (issue.origin === 'string') return `String should have at least ${issue.minimum} character`;
      return `must be greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return `must be less than or equal to ${issue.maximum}`;
    default:
      return 'Input should be a valid list';
  }
};

/** The first problem of `value` in the real API's words: `<path>: <sentence>`. */
const wrong = (schema: z.ZodType, value: unknown, at: string): string | undefined => {
  const issue = schema.safeParse(value, { reportInput: true }).error?.issues[0];
  if (issue === undefined) return undefined;
  const path = [at, ...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])];
  const place = path.filter((step) => step !== '').join('.');
  return place === '' ? sentence(issue) : `${place}: ${sentence(issue)}`;
};

const first = <T>(list: readonly T[], judge: (item: T, index: number) => string | undefined): string | undefined => {
  for (const [index, item] of list.entries()) {
    const found = judge(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
};

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

const wrongBlock = (block: unknown, at: string, allowed: readonly string[]): string | undefined => {
  const type = field(block, 'type');
  if (type === undefined) return `${at}.type: Field required`;
  if (!allowed.includes(String(type))) {
    return `${at}: Input tag '${type}' found using 'type' does not match any of the expected tags: ${oneOf(allowed).slice(16)}`;
  }
  const tagged = `${at}.${type}`;
  if (type === 'text' && field(block, 'text') === '' && field(block, 'cache_control')) {
    return `${tagged}: cache_control cannot be set for empty text blocks`;
  }
  const inside = type === 'tool_result' ? field(block, 'content') : undefined;
  return (
    wrong(blocks[type as keyof typeof blocks], block, tagged) ??
    (Array.isArray(inside)
      ? first(inside, (part, k) => wrongBlock(part, `${tagged}.content.${k}`, ['text', 'image', 'document']))
      : undefined)
  );
};

const wrongMessage = (message: unknown, at: string): string | undefined => {
  const content = field(message, 'content');
  if (field(message, 'role') === 'system') {
    return 'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.';
  }
  return (
    wrong(Message, message, at) ??
    (Array.isArray(content)
      ? first(content, (block, j) => wrongBlock(block, `${at}.content.${j}`, Object.keys(blocks)))
      : undefined)
  );
};

const dialect = new Ajv2020({ strict: false });

const wrongTool = (tool: unknown, at: string): string | undefined => {
  const schema = field(tool, 'input_schema');
  const shape = wrong(CustomTool, tool, at);
  if (shape !== undefined) return shape;
  if (['oneOf', 'allOf', 'anyOf'].some((key) => field(schema, key) !== undefined)) {
    return `${at}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`;
  }
  if (Object.keys(field(schema, 'properties') ?? {}).some((key) => !/^[a-zA-Z0-9_.-]{1,64}$/.test(key))) {
    return `${at}.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'`;
  }
  const { $schema: _, ...plain } = schema as Record<string, unknown>;
  return dialect.validateSchema(plain)
    ? undefined
    : `${at}.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12).`;
};

const asBlocks = (content: unknown): Block[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : ((content ?? []) as Block[]);

/** Reads a request body: the first problem of its fields, in the real API's words, or its blocks. */
export const shape = (body: unknown): { wrong: string } | { shaped: Shaped } => {
  const parsed = Body.safeParse(body);
  const found =
    wrong(Body, body, '') ??
    first(asBlocks(field(body, 'system')), (block, i) => {
      const text = field(block, 'text');
      if (text === '') return 'system: text content blocks must be non-empty';
      return wrongBlock(block, `system.${i}`, ['text'])?.replace(`system.${i}.text.`, `system.${i}.`);
    }) ??
    first((field(body, 'tools') ?? []) as unknown[], (tool, i) => wrongTool(tool, `tools.${i}.custom`)) ??
    first((field(body, 'messages') ?? []) as unknown[], (message, i) => wrongMessage(message, `messages.${i}`));
  if (found !== undefined || !parsed.success) return { wrong: found ?? 'Error' };
  const { model, max_tokens, stream, system, tools, tool_choice, messages } = parsed.data;
  return {
    shaped: {
      model,
      max_tokens,
      stream: stream ?? false,
      system: asBlocks(system),
      tools: (tools ?? []) as Shaped['tools'],
      tool_choice,
      messages: (messages as z.infer<typeof Message>[]).map(({ role, content }) => ({
        role,
        content: content === '' ? [] : asBlocks(content),
      })),
    },
  };
};
