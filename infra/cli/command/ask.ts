import { createInterface } from 'node:readline/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Ask } from './init.ts';

/** Asks on a terminal, or nothing where there is none. Ctrl-C and Ctrl-D end the process with 130. */
export const askOn = (input: ReadStream, output: WriteStream): Ask | undefined => {
  if (!input.isTTY || !output.isTTY) return undefined;
  return async (question, usual) => {
    const lines = createInterface({ input, output });
    const given = new Promise<never>((_, reject) => lines.once('close', () => reject(new Error('closed'))));
    try {
      return (await Promise.race([lines.question(`${question}${usual ? ` [${usual}]` : ''}\n> `), given])).trim();
    } catch {
      process.exit(130);
    } finally {
      lines.removeAllListeners('close').close();
    }
  };
};
