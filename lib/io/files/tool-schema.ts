type Schema = Record<string, unknown>;

/**
 * The words of JSON Schema that OpenAI, Anthropic, Bedrock and Gemini all take in a tool's arguments. Gemini and OpenAI answer 400 to others,
 * such as zod's `propertyNames` for a record.
 */
export const sharedWords = [
  ...['type', 'description', 'title', 'enum', 'properties', 'required', 'items', 'anyOf', 'additionalProperties'],
  ...['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern', 'format', 'default'],
];

/** Formats that every provider knows. Others are only hints, which the tool's own check holds. */
const formats = ['date-time', 'date', 'time', 'email', 'uuid', 'uri'];

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `oneOf` becomes `anyOf`, a constant a list of one. An exclusive bound of whole numbers becomes an inclusive one. */
const renamed = ({ oneOf, const: constant, exclusiveMinimum, exclusiveMaximum, ...schema }: Schema): Schema => {
  const whole = schema.type === 'integer';
  return {
    ...schema,
    ...(Array.isArray(oneOf) && schema.anyOf === undefined && { anyOf: oneOf }),
    ...(constant !== undefined && schema.enum === undefined && { enum: [constant] }),
    ...(typeof exclusiveMinimum === 'number' && whole && { minimum: exclusiveMinimum + 1 }),
    ...(typeof exclusiveMaximum === 'number' && whole && { maximum: exclusiveMaximum - 1 }),
  };
};

const wordValue = (word: string, value: unknown): unknown => {
  if (word === 'properties' && isSchema(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, sharedSchema(inner)]));
  }
  if (word === 'anyOf' && Array.isArray(value)) return value.map(sharedSchema);
  if (word === 'items' && Array.isArray(value)) return sharedSchema(value[0]);
  return ['items', 'additionalProperties'].includes(word) ? sharedSchema(value) : value;
};

/** A tuple of `prefixItems` becomes a list of any of them. */
const withoutTuple = ({ prefixItems, ...schema }: Schema): Schema =>
  Array.isArray(prefixItems) ? { ...schema, items: { anyOf: prefixItems } } : schema;

/**
 * A schema in the words that all providers take. What is left out only widens it: the tool's own schema still checks every call, and tells
 * the model what is wrong.
 */
const sharedSchema = (schema: unknown): unknown => {
  if (!isSchema(schema)) return schema;
  const kept = Object.entries(withoutTuple(renamed(schema))).filter(
    ([word, value]) => sharedWords.includes(word) && (word !== 'format' || formats.includes(String(value))),
  );
  return Object.fromEntries(kept.map(([word, value]) => [word, wordValue(word, value)]));
};

/** The schema of a tool's arguments: always an object, as every provider wants it, with definitions written out where they are used. */
export const argumentSchema = (schema: Schema): Schema => {
  const shared = sharedSchema(inlined(schema, isSchema(schema.$defs) ? schema.$defs : {}));
  const { type: _, anyOf, ...rest } = isSchema(shared) ? shared : {};
  // A choice at the top is refused by Anthropic: the object may then have the fields of every choice.
  const choices = Array.isArray(anyOf) ? anyOf.filter(isSchema).map(({ properties }) => properties) : [];
  const properties = Object.assign({}, ...choices, rest.properties);
  return { type: 'object', ...rest, properties };
};

/** Definitions in place of references to them, down to a depth at which a recursive one becomes any value. */
const inlined = (value: unknown, definitions: Schema, depth = 6): unknown => {
  if (Array.isArray(value)) return value.map((inner) => inlined(inner, definitions, depth));
  if (!isSchema(value)) return value;
  const name = typeof value.$ref === 'string' ? value.$ref.replace('#/$defs/', '') : undefined;
  if (name !== undefined) return depth === 0 ? {} : inlined(definitions[name] ?? {}, definitions, depth - 1);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inlined(inner, definitions, depth)]));
};
