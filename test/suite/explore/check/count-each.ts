/** Each distinct text with its number of occurrences. */
export const countEach = (texts: string[]): [string, number][] => {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts];
};
