import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { tableName } from '../arn.ts';
import type { LocalFunction } from '../lambda/sandbox.ts';
import { projectRoot } from '../project-root.ts';
import { type LocalService, type ServiceOptions, startService } from './service.ts';

const path = (relative: string): string => join(projectRoot, relative);
const Table = z.object({ Properties: z.record(z.string(), z.unknown()) });

/** The bundled functions in a directory, each with its timeout and memory on AWS. */
export const bundledFunctions = (dir: string): Record<string, LocalFunction> => {
  const one = (name: string, timeoutSeconds: number, memoryMb = 256): LocalFunction => ({
    module: join(dir, `${name}.mjs`),
    timeoutSeconds,
    memoryMb,
  });
  return {
    dispatch: one('dispatch', 30),
    attempt: one('attempt', 900, 512),
    triage: one('triage', 30),
    settle: one('settle', 30),
    watchman: one('watchman', 300),
  };
};

/** The local service with this project's state machine, table and rule. `config` holds jobs/ and scripts/; default: `dir`. */
export const nightshiftService = (
  dir: string,
  options: Pick<ServiceOptions, 'functions'> & Partial<Omit<ServiceOptions, 'dir' | 'table'>> & { config?: string },
): Promise<LocalService> => {
  const { config = dir, env, ...rest } = options;
  return startService({
    definition: readFileSync(path('infra/run.asl.json'), 'utf8'),
    statusFunction: 'settle',
    rules: rest.functions.watchman ? [{ function: 'watchman', everyMs: 60_000 }] : [],
    ...rest,
    dir,
    table: {
      name: tableName,
      properties: Table.parse(parse(readFileSync(path('infra/table.yml'), 'utf8'))).Properties,
    },
    env: { ...env, NIGHTSHIFT_CONFIG: config },
  });
};
