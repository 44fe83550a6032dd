import { counted } from './format.ts';
import { type Line, toned } from './line.ts';

/** What people are told of open runs that nothing works on: their service was killed, and reading starts nothing. */
export const waitingLines = (waiting: number): Line[] => {
  if (waiting === 0) return [];
  const text = `${counted(waiting, 'open run')} ${waiting === 1 ? 'waits' : 'wait'} for the next \`run\` command.`;
  return [{ key: 'waiting', whole: true, segments: [toned('dim', text)] }];
};
