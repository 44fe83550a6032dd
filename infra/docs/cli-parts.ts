import type { Command, Option } from 'commander';
import * as z from 'zod';
import { commandLine, examples } from '../cli/command-line.ts';
import { commandJson, contractVersion, ErrorJson } from '../cli/contract/contract.ts';
import type { Terminal } from '../cli/print/terminal.ts';
import { markdownTable, type Part } from './part.ts';

const nowhere: Terminal = { columns: 80, print() {}, say() {}, show() {} };
const { commands } = commandLine({ out: nowhere, err: nowhere, ended() {} }, '0.0.0');

const code = (text: string): string => `\`${text}\``;
const usage = (command: Command): string =>
  [
    command.name(),
    ...command.registeredArguments.map((one) => {
      const name = `${one.name()}${one.variadic ? '...' : ''}`;
      return one.required ? `<${name}>` : `[${name}]`;
    }),
  ].join(' ');

const commandTable = (): string =>
  markdownTable(
    ['command', 'what it does', 'example'],
    commands.map((one) => [code(usage(one)), one.description(), code(examples[one.name()] ?? '')]),
  );

const defaultOf = ({ defaultValue }: Option): string => (defaultValue === undefined ? '' : code(String(defaultValue)));

/** Each option once, with the commands that take it. */
const optionTable = (): string => {
  const all = commands.flatMap((command) => command.options.map((option) => ({ option, command: command.name() })));
  const same = Map.groupBy(all, ({ option }) => JSON.stringify([option.flags, option.description, defaultOf(option)]));
  return markdownTable(
    ['option', 'what it does', 'default', 'commands'],
    [...same.values()].flatMap((uses) => {
      const [first] = uses;
      if (!first) return [];
      const names = uses.length === commands.length ? 'all' : uses.map(({ command }) => command).join(', ');
      return [[code(first.option.flags), first.option.description, defaultOf(first.option), names]];
    }),
  );
};

type Node = {
  type?: string | string[];
  description?: string;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
  oneOf?: Node[];
};

const typeOf = (node: Node): string => {
  if (node.const !== undefined) return code(JSON.stringify(node.const));
  const parts = node.anyOf ?? node.oneOf;
  if (parts) return [...new Set(parts.map(typeOf))].join(' or ');
  if (node.items) return `list of ${typeOf(node.items)}`;
  return [node.type ?? 'any'].flat().join(' or ');
};

/** The fields of an object. Those of an inner object follow its name and a dot; a list of runs has a table of its own. */
const rows = (node: Node, prefix = ''): string[][] => {
  const objects = [node, ...(node.anyOf ?? []), ...(node.items ? [node.items] : [])];
  return objects.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, inner]) => [
      [code(prefix + name), typeOf(inner), inner.description ?? ''],
      ...(name === 'runs' ? [] : rows(inner, `${prefix}${name}.`)),
    ]),
  );
};

const schemaOf = (schema: z.ZodType): Node => z.toJSONSchema(schema) as Node;
const fields = (node: Node): string => markdownTable(['field', 'type', 'meaning'], rows(node));

const eventTable = (): string => {
  const names = ({ properties = {} }: Node): string =>
    Object.keys(properties)
      .filter((name) => name !== 'event' && name !== 'at')
      .map(code)
      .join(', ');
  const events = schemaOf(commandJson.dev).oneOf ?? [];
  return markdownTable(
    ['event', 'fields besides `event` and `at`'],
    events.map((event) => [code(String(event.properties?.event?.const)), names(event)]),
  );
};

/** One table for each shape. Commands that print the same share it. */
const jsonTables = (): string => {
  const { dev: _, ...others } = commandJson;
  const shapes = Map.groupBy(Object.entries(others), ([, schema]) => schema);
  const shown = [...shapes.entries()].map(([schema, uses]) => {
    const names = uses.map(([name]) => code(name === 'version' ? '--version' : name)).join(', ');
    const node = schemaOf(schema);
    return `#### ${names}\n\n${node.items ? 'A list. Each item:\n\n' : ''}${fields(node)}`;
  });
  const events = `#### ${code('dev')}\n\nOne object a line.\n\n${eventTable()}`;
  return [...shown, events, `#### Errors\n\n${fields(schemaOf(ErrorJson))}`].join('\n\n');
};

const schemaFile = (): string => {
  const all = { ...commandJson, error: ErrorJson };
  const defs = Object.fromEntries(
    Object.entries(all).map(([name, schema]) => {
      const { $schema: _, ...rest } = z.toJSONSchema(schema as z.ZodType);
      return [name, rest];
    }),
  );
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'JSON of the nightshift commands' };
  return `${JSON.stringify({ ...head, version: contractVersion, $defs: defs }, null, 2)}\n`;
};

const readme = 'infra/cli/README.md';

/** Made from the command line and its contract: the JSON Schemas, and the tables of infra/cli/README.md. */
export const cliParts: Part[] = [
  { file: 'infra/cli/contract.schema.json', content: schemaFile },
  { file: readme, name: 'commands', content: commandTable },
  { file: readme, name: 'options', content: optionTable },
  { file: readme, name: 'json', content: jsonTables },
];
