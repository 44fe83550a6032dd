import * as z from 'zod';
import { markdownTable } from './part.ts';

type Property = {
  description?: string;
  default?: unknown;
  properties?: Record<string, Property>;
  items?: Property;
};

const defaultText = (value: unknown): string => {
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  return text === '{}' ? '' : `\`${text}\``;
};

/** A row for each field that has a description, and for the fields in it. */
const rows = (properties: Record<string, Property>, required: string[], prefix = ''): string[][] =>
  Object.entries(properties).flatMap(([name, property]) => {
    const whether = required.includes(name) ? 'required' : defaultText(property.default);
    const { description, properties: inside = {}, items } = property;
    return [
      ...(description === undefined ? [] : [[`\`${prefix}${name}\``, description, whether]]),
      ...rows(inside, [], `${prefix}${name}.`),
      ...rows(items?.properties ?? {}, [], `${prefix}${name}[].`),
    ];
  });

/** A table of the fields a person may write, made from the schema that reads them. */
export const fieldTable = (schema: z.ZodType): string => {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  return markdownTable(['field', 'what it is', 'default'], rows(properties, required));
};
