import { userInfo } from 'node:os';
import { Failure } from '../../../lib/failure.ts';

/** The longest name and note, in characters. They are stored in an item of bounded size. */
const most = { name: 100, note: 500 };

const nameHere = (env: NodeJS.ProcessEnv): string => {
  try {
    return userInfo().username;
  } catch {
    return env.USER || env.LOGNAME || 'unknown';
  }
};

const checked = (option: string, text: string, longest: number): string => {
  const kept = text.replaceAll(/\s+/g, ' ').trim();
  if (kept.length <= longest) return kept;
  throw new Failure('InvalidEvent', `${option}: found ${kept.length} characters, expected at most ${longest}`);
};

/** The author of a command: the given name, else the user of this machine. Throws InvalidEvent. */
export const authorOf = (by: string | undefined, env: NodeJS.ProcessEnv): string => {
  const name = checked('--by', by ?? nameHere(env), most.name);
  if (name !== '') return name;
  throw new Failure('InvalidEvent', '--by: found no name, expected one');
};

/** The author's note in one line. Throws InvalidEvent. */
export const noteOf = (note: string | undefined): string => checked('--note', note ?? '', most.note);
