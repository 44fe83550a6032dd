import * as z from 'zod';
import { markdownTable } from './part.ts';

type Property = { description?: string; default?: unknown; properties?: Record<string, Property> };

const defaultText = (value: unknown): string => {
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  return text === '{}' ? '' : `\`${text}\``;
};

const rows = (properties: Record<string, Property>, required: string[], prefix = ''): string[][] =>
  Object.entries(properties).flatMap(([name, property]) => {
    const whether = required.includes(name) ? 'required' : defaultText(property.default);
    return [
      [`\`${prefix}${name}\``, property.description ?? '', whether],
      ...rows(property.properties ?? {}, [], `${prefix}${name}.`),
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
