import type { WriteStream } from 'node:tty';
import { createColors } from 'picocolors';
import { drawn, type Line } from './line.ts';
import { sanitize } from './sanitize.ts';

/** Where a command prints: in colour on a terminal, unless NO_COLOR or TERM=dumb forbids it. Elsewhere lines are plain. */
export type Terminal = {
  /** Its width; unbounded where the output is no terminal. */
  readonly columns: number;
  /** Prints lines that stay. */
  print(lines: Line[]): void;
  /** Prints text that stays. The text is sanitized. */
  say(text: string): void;
  /** Shows a status line under all others and renews it ten times a second; without `status` it removes the line. Does nothing where the output is no terminal. */
  show(status?: () => string | undefined): void;
};

const frames = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const frameMs = 100;
const clearLine = '\r\u001b[2K';

export const terminal = (stream: WriteStream, env: NodeJS.ProcessEnv): Terminal => {
  const live = Boolean(stream.isTTY) && env.TERM !== 'dumb';
  const paint = createColors(live && !env.NO_COLOR);
  const columns = () => stream.columns || 80;
  const width = () => (live ? columns() : Number.POSITIVE_INFINITY);
  let frame = 0;
  let shown = false;
  let ticking: NodeJS.Timeout | undefined;

  const clear = () => {
    if (shown) stream.write(clearLine);
    shown = false;
  };
  const write = (text: string) => {
    clear();
    stream.write(text);
  };
  const tick = (status: () => string | undefined) => {
    clear();
    const text = status();
    if (text === undefined) return;
    frame = (frame + 1) % frames.length;
    const line: Line = { key: 'status', margin: true, segments: [`${frames[frame]} ${text}`] };
    stream.write(drawn(line, paint, columns() - 1));
    shown = true;
  };

  return {
    get columns() {
      return width();
    },
    print(lines) {
      if (lines.length > 0) write(lines.map((line) => `${drawn(line, paint, width())}\n`).join(''));
    },
    say: (text) => write(`${sanitize(text)}\n`),
    show(status) {
      clearInterval(ticking);
      clear();
      if (!live || status === undefined) return;
      tick(status);
      ticking = setInterval(tick, frameMs, status).unref();
    },
  };
};
