import { type ExactJson, exactJson } from '../exact-json.ts';

/** How many places of a text are tried as the beginning of a value. Each takes time that grows with the text. */
const maxStarts = 64;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** The contents of code fences, in order. A fence begins and ends at the beginning of a line. */
const fenced = (text: string): string[] => {
  const blocks: string[] = [];
  let open: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const fence = line.trimStart().startsWith('```');
    if (fence && open === undefined) open = [];
    else if (fence && open !== undefined) {
      blocks.push(open.join('\n'));
      open = undefined;
    } else open?.push(line);
    // A closing fence may stand at the end of the last line of its block.
    if (!fence && open !== undefined && line.endsWith('```')) {
      blocks.push(open.join('\n').slice(0, -3));
      open = undefined;
    }
  }
  return blocks;
};

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/gs;
const steps: Record<string, number> = { '{': 1, '[': 1, '}': -1, ']': -1 };

/** Where the object or list that begins at `start` ends, or undefined if it does not end. Brackets in quotes do not count. */
const endOf = (text: string, start: number): number | undefined => {
  let depth = 0;
  token.lastIndex = start;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    depth += steps[found[0]] ?? 0;
    if (depth === 0) return token.lastIndex;
  }
  return undefined;
};

/** Objects and lists among words, the outermost ones in order. */
const spans = (text: string): string[] => {
  const found: string[] = [];
  const opening = /[{[]/g;
  for (let tries = 0; tries < maxStarts; tries += 1) {
    const start = opening.exec(text)?.index;
    if (start === undefined) break;
    const end = endOf(text, start);
    const span = end === undefined ? '' : text.slice(start, end);
    if (!isJson(span)) continue;
    found.push(span);
    opening.lastIndex = start + span.length;
  }
  return found;
};

const candidates = (text: string): string[] => {
  const whole = text.trim();
  if (isJson(whole)) return [whole];
  const blocks = fenced(whole).filter(isJson);
  return blocks.length > 0 ? blocks : spans(whole);
};

/**
 * The JSON values of an answer: the whole text, else those in code fences, else the objects and lists among its words. A value with a
 * number that would change is a problem. An empty list means that the text holds no JSON.
 */
export const jsonAnswers = (text: string): ExactJson[] => candidates(text).map(exactJson);
