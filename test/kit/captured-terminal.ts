import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { terminal } from '../../infra/cli/print/terminal.ts';

/** A terminal that captures its output as text. */
export const capturedTerminal = (columns?: number) => {
  const stream = Object.assign(new PassThrough(), columns && { isTTY: true, columns });
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  return { out: terminal(stream as unknown as WriteStream, { NO_COLOR: '1' }), text: () => text };
};
