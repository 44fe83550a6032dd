import { spawn } from 'node:child_process';
import { freePort, type Running, running } from './engine-process.ts';
import { python } from './install-engines.ts';

/** A fresh moto server: a second, independent emulator, whose Step Functions can run a definition. */
export const startMoto = async (env: Record<string, string> = {}): Promise<Running> => {
  const port = await freePort();
  const child = spawn(python('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, ...env },
  });
  return running('moto', port, child);
};
