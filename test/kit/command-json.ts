import * as z from 'zod';
import { type CommandJson, commandJson, ErrorJson } from '../../infra/cli/contract/contract.ts';

/** What a command printed under --json, which must fit the schema of its name. */
export const commandOutput = <Name extends keyof CommandJson>(name: Name, text: string): CommandJson[Name] =>
  z.parse(commandJson[name] as unknown as z.ZodType<CommandJson[Name]>, JSON.parse(text));

/** The error that a command printed under --json: one line. */
export const errorOutput = (text: string) => {
  if (text.indexOf('\n') !== text.length - 1) throw new Error(`expected one line, found: ${text}`);
  return ErrorJson.parse(JSON.parse(text)).error;
};
