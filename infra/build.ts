import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { zip } from './zip.ts';

/** The Lambda functions: one file each in `functions/`. */
export const functionNames = ['dispatch', 'attempt', 'triage', 'settle'] as const;
export type FunctionName = (typeof functionNames)[number];

/**
 * zod brings its error messages in 50 languages, 264 KB, wherever all of zod is kept, as the AI SDK makes it be. English
 * is the one it uses unless told otherwise, and nobody tells it.
 */
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** Where a function's bundle is put together. */
export const bundleDir = (root: string, name: FunctionName): string => join(root, '.build', name);

/**
 * Bundles one function of the project at `root`: `index.mjs` and the chunks it loads, minified, with all packages inside. What is
 * imported dynamically (providers, tools, prices) becomes a chunk that is read only when it is used. Source maps lie beside,
 * to read a stack trace with; they are not deployed. Throws esbuild's own BuildFailure.
 */
export const bundle = async (root: string, name: FunctionName): Promise<Metafile> => {
  await rm(bundleDir(root, name), { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: join('functions', `${name}.ts`) },
    outdir: bundleDir(root, name),
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    plugins: [englishOnly],
    legalComments: 'none',
    sourcemap: 'external',
    metafile: true,
    logLevel: 'silent',
  });
  return metafile;
};

/** Packs what is in `dir` into one flat archive beside it, `<dir>.zip`. Source maps stay behind. */
export const pack = async (dir: string): Promise<string> => {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((file) => file.isFile() && !file.name.endsWith('.map'))
    .map((file) => join(file.parentPath, file.name));
  const entries = paths.map(async (path) => ({ path: relative(dir, path), data: await readFile(path) }));
  await writeFile(`${dir}.zip`, zip(await Promise.all(entries)));
  return `${dir}.zip`;
};
