import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

/** A running engine. `url` is `http://127.0.0.1:<port>`. */
export type Running = { url: string; close(): Promise<void> };

/** How long an engine may take to come up, in milliseconds. */
const upMs = 180_000;

/** A free port of 127.0.0.1. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** Returns the last output of a process, for error messages. */
const heard = (child: ChildProcess): (() => string) => {
  let text = '';
  const hear = (chunk: Buffer) => {
    text = `${text}${chunk}`.slice(-4000);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return () => text;
};

/** Waits until the engine answers HTTP. Throws with its output if it ends before or takes too long. */
export const running = async (name: string, port: number, child: ChildProcess): Promise<Running> => {
  const said = heard(child);
  let ended: string | undefined;
  const gone = new Promise<void>((resolve) => {
    const end = (why: string) => {
      ended ??= why;
      resolve();
    };
    child.once('error', ({ message }) => end(message));
    child.once('exit', (code, signal) => end(`exit ${code ?? signal}`));
  });
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  const until = Date.now() + upMs;
  for (;;) {
    if (ended !== undefined) throw new Error(`${name} did not start (${ended}):\n${said()}`);
    const answered = await fetch(url).then(
      (response) => response.text().then(() => true),
      () => false,
    );
    if (answered) await new Promise((resolve) => setTimeout(resolve, 200)); // time to fail, where it was another who answered
    if (answered && ended === undefined) return { url, close };
    if (Date.now() > until) {
      await close();
      throw new Error(`${name} does not answer at ${url}:\n${said()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
