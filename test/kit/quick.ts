import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Modules that start a process, a thread, an engine or a bundler, or ask for the bundles that vitest's set-up makes. */
const slow =
  /^(node:)?(child_process|worker_threads|cluster)$|^(dynalite|classic-level|esbuild|aws-local-stepfunctions)$/;
/** Calls that start a server, or ask for the bundles that the set-up of `npm test` makes. */
const slowCalls = /\b(createServer|inject)\(/;

/** What a source text imports and re-exports at run time, also by a dynamic import of a fixed path. */
const imports = (text: string): string[] => {
  const fixed = text.matchAll(/^(?:import|export)\s+(?!type\b)[^'";]*?\s*from\s+'([^']+)'/gm);
  const others = text.matchAll(/(?:^import\s+|\bimport\()'([^']+)'/gm);
  return [...fixed, ...others].map(([, from = '']) => from);
};

/** Whether a file, or a file that it imports, starts a process, a server, an engine or a bundler. */
const startsSomething = (file: string, known: Map<string, boolean>): boolean => {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, false);
  const text = readFileSync(file, 'utf8');
  const found =
    slowCalls.test(text) ||
    imports(text).some((from) => {
      if (!from.startsWith('.')) return slow.test(from);
      return from.endsWith('.ts') && startsSomething(resolve(dirname(file), from), known);
    });
  known.set(file, found);
  return found;
};

const files = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .sort();

/** The test files below `dir` that start nothing: no process, thread, server, engine or bundler. */
export const quickTests = (dir: string): string[] => {
  const known = new Map<string, boolean>();
  return files(dir)
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => !startsSomething(resolve(file), known));
};
