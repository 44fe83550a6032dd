import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How many columns of a terminal a text takes: two for a wide character, none for a combining mark. */
export const width = (text: string): number => stringWidth(text);

/** How many code points a text has. */
export const codePoints = (text: string): number => [...text].length;

/** The text if its size is at most `most`. Otherwise its first characters and an ellipsis; no character is split. */
export const cut = (text: string, most: number, size: (text: string) => number): string => {
  if (most === Number.POSITIVE_INFINITY || size(text) <= most) return text;
  let room = most - 1;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    room -= size(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept}…`;
};
