import type { Metafile } from 'esbuild';
import { providers } from '../../lib/job/model-id.ts';

/** Bytes of code that a cold start reads: at once (`entry` with its static imports), and later for each dynamic import. */
export type Size = {
  entry: number;
  lazy: { name: string; bytes: number }[];
  largest: { name: string; bytes: number }[];
};

const imports = (outputs: Metafile['outputs'], path: string, kind: string): string[] =>
  (outputs[path]?.imports ?? []).filter((found) => found.kind === kind && !found.external).map((found) => found.path);

const reach = (outputs: Metafile['outputs'], from: string): Set<string> => {
  const seen = new Set([from]);
  for (const path of seen) for (const next of imports(outputs, path, 'import-statement')) seen.add(next);
  return seen;
};

const bytesOf = (outputs: Metafile['outputs'], paths: Iterable<string>): number =>
  [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);

/** The package of a file: `@b/c` for `node_modules/a/node_modules/@b/c/d.js`. A file of this project is its own owner. */
const owner = (input: string): string => {
  const inside = input.split('node_modules/').at(-1) ?? input;
  if (inside === input) return input;
  return inside
    .split('/')
    .slice(0, inside.startsWith('@') ? 2 : 1)
    .join('/');
};

const largest = (outputs: Metafile['outputs'], paths: Set<string>): Size['largest'] => {
  const sums = new Map<string, number>();
  for (const path of paths) {
    for (const [input, { bytesInOutput }] of Object.entries(outputs[path]?.inputs ?? {})) {
      sums.set(owner(input), (sums.get(owner(input)) ?? 0) + bytesInOutput);
    }
  }
  return [...sums]
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 5);
};

/** Measures one bundle. A lazy part's size excludes what the entry has read already. */
export const size = ({ outputs }: Metafile): Size => {
  const dynamic = new Set(Object.keys(outputs).flatMap((path) => imports(outputs, path, 'dynamic-import')));
  const main = Object.keys(outputs).find((path) => outputs[path]?.entryPoint && !dynamic.has(path));
  if (main === undefined) throw new Error('the bundle has no entry');
  const entry = reach(outputs, main);
  const lazy = [...dynamic]
    .filter((path) => !entry.has(path))
    .map((path) => ({
      name: owner(outputs[path]?.entryPoint ?? path),
      bytes: bytesOf(outputs, reach(outputs, path).difference(entry)),
    }))
    .sort((a, b) => b.bytes - a.bytes);
  return { entry: bytesOf(outputs, entry), lazy, largest: largest(outputs, entry) };
};

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} KB`;
const smallBytes = 20_000;

const row = (name: string, ...columns: number[]): string =>
  name.padEnd(48) + columns.map((bytes) => kilobytes(bytes).padStart(10)).join('');

/** A table for people: one row per function, then one per lazy part with its size and the sum with the entry. */
export const sizeTable = (sizes: Record<string, Size>): string =>
  Object.entries(sizes)
    .flatMap(([name, { entry, lazy }]) => {
      const parts = lazy.filter(({ bytes }) => bytes >= smallBytes);
      const small = lazy.length - parts.length;
      return [
        row(name, entry),
        ...parts.map((part) => row(`  later ${part.name}`, part.bytes, entry + part.bytes)),
        ...(small > 0 ? [`  later ${small} parts of less than ${kilobytes(smallBytes)}`] : []),
      ];
    })
    .join('\n');

const isProvider = (name: string): boolean =>
  providers.some((provider) => name.endsWith(`lib/io/model/${provider}.ts`));

/** Maximum bytes read before the first model call: the entry and the largest provider, because an attempt needs one. */
const coldStart = ({ entry, lazy }: Size): number =>
  entry + Math.max(0, ...lazy.filter(({ name }) => isProvider(name)).map(({ bytes }) => bytes));

/** One sentence for each bundle whose cold start reads more than its limit, in bytes. */
export const oversize = (sizes: Record<string, Size>, limits: Record<string, number>): string[] =>
  Object.entries(sizes).flatMap(([name, measured]) => {
    const bytes = coldStart(measured);
    const limit = limits[name] ?? 0;
    if (bytes <= limit) return [];
    const inputs = measured.largest.map((input) => `${input.name} ${kilobytes(input.bytes)}`).join(', ');
    return [
      `${name} is ${kilobytes(bytes)}, ${kilobytes(bytes - limit)} over its limit of ${kilobytes(limit)}. Largest in it: ${inputs}.`,
    ];
  });
