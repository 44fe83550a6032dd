import * as z from 'zod';
import { giveUp } from '../../agent/give-up.ts';
import type { ToolSpec } from '../../agent/model.ts';
import type { Tool } from '../../agent/tool.ts';
import { Failure } from '../../failure.ts';
import { giveUpName } from '../../job/job.ts';
import { argumentSchema } from './tool-schema.ts';

/** Loads a job's tools from their files in lib/tools, and adds the one that every agent has. Throws UnknownTool. */
export const loadTools = async (names: string[]): Promise<Record<string, Tool>> => ({
  ...Object.fromEntries(await Promise.all(names.map(async (name) => [name, await load(name)]))),
  [giveUpName]: giveUp as Tool,
});

const load = async (name: string): Promise<Tool> => {
  if (!/^\w+$/.test(name))
    throw new Failure('UnknownTool', `tool: found ${JSON.stringify(name)}, expected the name of a file in lib/tools`);
  return toolIn(await imported(name), name);
};

const imported = async (name: string): Promise<{ default?: unknown }> => {
  try {
    // esbuild resolves this template and puts each tool into its own chunk.
    return await import(`../../tools/${name}.ts`);
  } catch (cause) {
    throw new Failure('UnknownTool', `tool ${name} could not be loaded from lib/tools/${name}.ts`, { cause });
  }
};

/** The tool that a module exports by default. Throws UnknownTool where it exports none. */
export const toolIn = (module: { default?: unknown }, name: string): Tool => {
  const tool = module.default as Partial<Tool> | undefined;
  if (typeof tool?.run === 'function' && tool.input) return tool as Tool;
  throw new Failure('UnknownTool', `lib/tools/${name}.ts: found no tool, expected export default tool({ … })`);
};

/** The descriptions of tools for the model. */
export const toolSpecs = (tools: Record<string, Tool>): ToolSpec[] =>
  Object.entries(tools).map(([name, { description, input, schema }]) => ({
    name,
    description,
    inputSchema: argumentSchema(schema ?? z.toJSONSchema(input, { io: 'input' })),
  }));
