import { spawn } from 'node:child_process';
import { python } from './install.ts';
import { freePort, type Running, running } from './running.ts';

/** A fresh moto server: a second, independent emulator, whose Step Functions can run a definition. */
export const startMoto = async (env: Record<string, string> = {}): Promise<Running> => {
  const port = await freePort();
  const child = spawn(python('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, ...env },
  });
  return running('moto', port, child);
};
