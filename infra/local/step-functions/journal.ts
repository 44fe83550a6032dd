import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readAllValid, readValid, replaceFile } from '../json-file.ts';

/**
 * An execution on disk. `at` is the last state entered and its input, from which a new process continues.
 * `announced`: the event of its end is in the queue. Instants are epoch milliseconds; input and output are JSON text.
 */
export const Execution = z.object({
  name: z.string(),
  input: z.string(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  startedAt: z.number(),
  stoppedAt: z.number().optional(),
  output: z.string().optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
  at: z.strictObject({ state: z.string(), input: z.json() }).optional(),
  announced: z.boolean(),
});
export type Execution = z.infer<typeof Execution>;

export type Journal = {
  read(name: string): Execution | undefined;
  /** Replaces the execution's file. Only the process that holds the directory's lock writes. */
  write(execution: Execution): void;
  all(): Execution[];
};

/**
 * The executions of a local service, one file each in `<dir>/executions`. Callers validate names. An invalid file is set aside
 * and reported; its run can be started again.
 */
export const openJournal = (dir: string, report: (error: unknown) => void): Journal => {
  const path = join(dir, 'executions');
  mkdirSync(path, { recursive: true });
  const file = (name: string) => join(path, `${name}.json`);
  return {
    read: (name) => (existsSync(file(name)) ? readValid(file(name), Execution.parse, report) : undefined),
    write: (execution) => replaceFile(file(execution.name), JSON.stringify(execution)),
    all: () => readAllValid(path, Execution.parse, report),
  };
};
