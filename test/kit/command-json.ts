import * as z from 'zod';
import { type CommandJson, commandJson, ErrorJson } from '../../infra/cli/contract/contract.ts';

/** Parses the --json output of a command by the schema of that command. */
export const commandOutput = <Name extends keyof CommandJson>(name: Name, text: string): CommandJson[Name] =>
  z.parse(commandJson[name] as unknown as z.ZodType<CommandJson[Name]>, JSON.parse(text));

/** The error that a command printed under --json: one line. */
export const errorOutput = (text: string) => {
  if (text.indexOf('\n') !== text.length - 1) throw new Error(`expected one line, found: ${text}`);
  return ErrorJson.parse(JSON.parse(text)).error;
};
