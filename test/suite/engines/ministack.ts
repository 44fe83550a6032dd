import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type Running, running } from './engine-process.ts';
import { python } from './install-engines.ts';

/** A fresh MiniStack: many AWS services on one port, with nothing in them. `env` is added to its environment. */
export const startMiniStack = async (env: Record<string, string> = {}): Promise<Running> => {
  const port = await freePort();
  const home = await mkdtemp(join(tmpdir(), 'ministack-'));
  const child = spawn(python('ministack'), [], {
    cwd: home,
    detached: true,
    env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: home, GATEWAY_PORT: String(port), ...env },
  });
  const killAll = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL'); // with the processes of its functions
  };
  process.once('exit', killAll);
  const { url, close } = await running('MiniStack', port, child);
  return {
    url,
    close: async () => {
      process.off('exit', killAll);
      killAll();
      await close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
