import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import * as z from 'zod';
import { tableName } from './arn.ts';
import type { LocalFunction } from './sandbox.ts';
import { type LocalService, type ServiceOptions, startService } from './service.ts';

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const Table = z.object({ Properties: z.record(z.string(), z.unknown()) });

const source = (name: string, timeoutSeconds: number, memoryMb = 256): LocalFunction => ({
  module: path(`functions/${name}.ts`),
  timeoutSeconds,
  memoryMb,
});

/** The four functions from source, with the time and the memory each has on AWS. */
const sourceFunctions: Record<string, LocalFunction> = {
  dispatch: source('dispatch', 30),
  attempt: source('attempt', 900, 512),
  triage: source('triage', 30),
  settle: source('settle', 30),
};

/** This project's service on one machine: its functions, state machine and table, with `dir` for all its data. `config` holds jobs.json and scripts/; default: `dir`. */
export const nightshiftService = (
  dir: string,
  options: Partial<Omit<ServiceOptions, 'dir' | 'table'>> & { config?: string } = {},
): Promise<LocalService> => {
  const { config = dir, env, ...rest } = options;
  return startService({
    functions: sourceFunctions,
    definition: readFileSync(path('infra/run.asl.json'), 'utf8'),
    statusFunction: 'settle',
    ...rest,
    dir,
    table: {
      name: tableName,
      properties: Table.parse(parse(readFileSync(path('infra/table.yml'), 'utf8'))).Properties,
    },
    env: { ...env, NIGHTSHIFT_CONFIG: config },
  });
};
