import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Ask } from './init.ts';

/** Reads one line that a person types. Ctrl-C and Ctrl-D end the process with 130. */
const typed = async (lines: Interface, question: string, output: WriteStream): Promise<string> => {
  const leave = () => {
    output.write('\n');
    process.exit(130);
  };
  lines.once('close', leave);
  const answer = await lines.question(question);
  lines.off('close', leave).close();
  return answer.trim();
};

/** Asks questions on a terminal, or is undefined where there is none. Ctrl-C and Ctrl-D end the process with 130. */
export const askOn = (input: ReadStream, output: WriteStream): Ask | undefined => {
  if (!input.isTTY || !output.isTTY) return undefined;
  return (question, usual) =>
    typed(createInterface({ input, output }), `${question}${usual ? ` [${usual}]` : ''}\n> `, output);
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
    const answer = await typed(createInterface({ input, output: nowhere, terminal: true }), '', output);
    output.write('\n');
    return answer;
  };
};
