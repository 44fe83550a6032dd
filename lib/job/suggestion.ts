import * as z from 'zod';

/** A field name is no longer than this; a longer one is a mistake of another kind. */
const maxLength = 40;

/** How many letters were added, left out or changed between two short words. */
const distance = (a: string, b: string): number => {
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...a].entries()) {
    const row = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (last[j] ?? 0) + (letter === other ? 0 : 1);
      row.push(Math.min(changed, (last[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    last = row;
  }
  return last.at(-1) ?? 0;
};

/** The candidate that a mistyped word is most like, or nothing: at most a third of its letters may differ. */
export const nearest = (word: string, candidates: string[]): string | undefined => {
  if (word.length > maxLength) return undefined;
  const plain = word.toLowerCase();
  const most = Math.max(1, Math.floor(word.length / 3));
  const [best] = candidates
    .map((candidate) => ({ candidate, changes: distance(plain, candidate.toLowerCase()) }))
    .filter(({ candidate, changes }) => changes <= most && changes < candidate.length)
    .sort((a, b) => a.changes - b.changes);
  return best?.candidate;
};

type Node = {
  properties?: Record<string, Node>;
  items?: Node;
  prefixItems?: Node[];
  anyOf?: Node[];
  oneOf?: Node[];
  allOf?: Node[];
};

const alternatives = (node: Node): Node[] => [
  node,
  ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(alternatives),
];

const below = (node: Node, part: PropertyKey): Node[] => {
  const child = node.properties && Object.hasOwn(node.properties, part) ? node.properties[String(part)] : undefined;
  const items = typeof part === 'number' ? [node.items, node.prefixItems?.[part]] : [];
  return [child, ...items].filter((found) => found !== undefined).flatMap(alternatives);
};

/** The names of the fields that a schema knows at a path. */
export const fieldsAt = (schema: z.ZodType, path: PropertyKey[]): string[] => {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
  const nodes = path.reduce<Node[]>((at, part) => at.flatMap((node) => below(node, part)), alternatives(root));
  return nodes.flatMap(({ properties = {} }) => Object.keys(properties));
};
