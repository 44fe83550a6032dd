import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { build, type Plugin } from 'esbuild';
import type { handlers } from './handlers.ts';

/** A text edit of a product file. `find` must occur exactly once. */
export type Edit = { file: string; find: string; replace: string };

/** The bundled product. Each module is one Lambda environment with its own module state. */
export type Product = {
  /** The module of a schedule's nth environment. Later schedules reuse it, like a warm process. */
  warm(number: number): typeof handlers;
  /** A new module that no schedule has used. */
  fresh(): typeof handlers;
};

const root = resolve(import.meta.dirname, '../../..');
const definitionFile = 'infra/run.asl.json';
const stub = join(import.meta.dirname, 'simulated-sdk.ts');

const standIn: Plugin = {
  name: 'the SDK as data',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@aws-sdk[/](lib-dynamodb|client-sfn|client-scheduler)$/ }, () => ({ path: stub }));
  },
};

const edited = (text: string, { file, find, replace }: Edit): string => {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times, expected once: ${find}`);
  return parts.join(replace);
};

/** Applies edits while esbuild loads files, and records each applied edit in `made`. */
const editing = (edits: Edit[], made: Set<Edit>): Plugin => ({
  name: 'edits',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[.]ts$/ }, async ({ path }) => {
      const mine = edits.filter(({ file }) => join(root, file) === path);
      if (mine.length === 0) return undefined;
      for (const edit of mine) made.add(edit);
      return { contents: mine.reduce(edited, await readFile(path, 'utf8')), loader: 'ts' };
    });
  },
});

/** Bundles the product, with these edits, for many environments in one process. Throws for an edit of a file that the bundle does not contain. */
export const loadProduct = async (edits: Edit[] = []): Promise<Product> => {
  const made = new Set<Edit>();
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'handlers.ts')],
    bundle: true,
    write: false,
    logLevel: 'silent',
    format: 'cjs',
    platform: 'node',
    external: ['zod', 'ajv', 'ajv/*'],
    target: 'node24',
    // A VM script has no dynamic import, so esbuild turns each one into a require.
    supported: { 'dynamic-import': false },
    plugins: [standIn, editing(edits, made)],
  });
  for (const edit of edits.filter(({ file }) => file !== definitionFile))
    if (!made.has(edit)) throw new Error(`${edit.file} is no part of the product`);
  const script = new Script(`(function (require, module, exports) {${outputFiles[0]?.text}\n})`, {
    filename: 'product.cjs',
  });
  const run = script.runInThisContext() as (require: NodeJS.Require, module: object, exports: object) => void;
  const require = createRequire(import.meta.url);
  const fresh = (): typeof handlers => {
    const module: { exports: { handlers?: typeof handlers } } = { exports: {} };
    run(require, module, module.exports);
    if (!module.exports.handlers) throw new Error('the bundle has no handlers');
    return module.exports.handlers;
  };
  const kept: (typeof handlers)[] = [];
  return { fresh, warm: (number) => (kept[number] ??= fresh()) };
};

/** The text of the state machine definition, with these edits. */
export const loadDefinition = async (edits: Edit[] = []): Promise<string> =>
  edits
    .filter(({ file }) => file === definitionFile)
    .reduce(edited, await readFile(join(root, definitionFile), 'utf8'));
