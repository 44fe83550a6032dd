import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Ask } from './init.ts';

/** Asks questions on a terminal, or is undefined where there is none. Ctrl-C and Ctrl-D end the process with 130. */
export const askOn = (input: ReadStream, output: WriteStream): Ask | undefined => {
  if (!input.isTTY || !output.isTTY) return undefined;
  return async (question, usual) => {
    const lines = createInterface({ input, output });
    const leave = () => {
      output.write('\n');
      process.exit(130);
    };
    lines.once('close', leave);
    const answer = await lines.question(`${question}${usual ? ` [${usual}]` : ''}\n> `);
    lines.off('close', leave).close();
    return answer.trim();
  };
};

/** Asks for a text that is not shown while it is typed, or is undefined where there is no terminal. Ctrl-C and Ctrl-D end the process with 130. */
export const askHidden = (
  input: ReadStream,
  output: WriteStream,
): ((question: string) => Promise<string>) | undefined => {
  if (!input.isTTY || !output.isTTY) return undefined;
  return async (question) => {
    output.write(`${question}\n> `);
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input, output: nowhere, terminal: true });
    const leave = () => {
      output.write('\n');
      process.exit(130);
    };
    lines.once('close', leave);
    const answer = await lines.question('');
    lines.off('close', leave).close();
    output.write('\n');
    return answer.trim();
  };
};
