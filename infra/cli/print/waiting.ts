import { counted } from './format.ts';
import { type Line, toned } from './line.ts';

/** A line about open runs whose local service was killed. Commands that only read do not continue them. */
export const waitingLines = (waiting: number): Line[] => {
  if (waiting === 0) return [];
  const text = `${counted(waiting, 'open run')} ${waiting === 1 ? 'waits' : 'wait'} for the next \`run\` command.`;
  return [{ key: 'waiting', whole: true, segments: [toned('dim', text)] }];
};
