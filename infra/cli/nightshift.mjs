#!/usr/bin/env node
// The `nightshift` command. Plain JavaScript that an old Node can parse: it hands over to the Node that the project installs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const [major] = process.versions.node.split('.').map(Number);
const own = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));

/** Runs this command again with the project's Node, in the same terminal, and ends as that ends. */
const handOver = () => {
  const child = spawn(own, process.argv.slice(1), { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes. Elsewhere a signal reaches only this one.
  const shared = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => void (shared && signal === 'SIGINT' ? undefined : child.kill(signal)));
  child.on('error', (error) => {
    console.error(`${own} does not start (${error.message}). Run: npm ci`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
};

if (major >= neededMajor) await import('./start.ts');
else if (existsSync(own)) handOver();
else {
  console.error(`nightshift needs Node ${neededMajor}; this is Node ${process.versions.node}. Run: npm ci`);
  process.exitCode = 2;
}
