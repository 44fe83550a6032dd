import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { zip } from './zip.ts';

/** The Lambda functions: one file each in `functions/`. */
export const functionNames = ['dispatch', 'attempt', 'triage', 'settle', 'watchman'] as const;
export type FunctionName = (typeof functionNames)[number];

/**
 * zod's error messages in 50 languages take 264 KB, and the AI SDK keeps all of zod in a bundle. zod uses English by default, and this project sets
 * no other language.
 */
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** The bundling options of every bundle. A dynamic import becomes a chunk that is read when it is first used. */
const options = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  plugins: [englishOnly],
  legalComments: 'none',
  logLevel: 'silent',
} satisfies BuildOptions;

/** Where a function's bundle is put together. */
export const bundleDir = (root: string, name: FunctionName): string => join(root, '.build', name);

/**
 * Bundles one function of the project at `root`: `index.mjs` and the chunks it loads, minified, with all packages inside.
 * Providers, tools and prices are such chunks. Source maps lie beside, to read a stack trace with; they are not deployed.
 * Throws esbuild's own BuildFailure.
 */
export const bundle = async (root: string, name: FunctionName): Promise<Metafile> => {
  await rm(bundleDir(root, name), { recursive: true, force: true });
  const { metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: { index: join('functions', `${name}.ts`) },
    outdir: bundleDir(root, name),
    chunkNames: 'chunks/[name]-[hash]',
    minify: true,
    sourcemap: 'external',
    metafile: true,
  });
  return metafile;
};

/** Bundles the command line, the local service and the functions into `outdir`, below `root`, for this machine: readable, not minified. */
export const bundleLocal = async (root: string, outdir: string): Promise<void> => {
  const sources = [
    'infra/cli/program',
    'infra/local/daemon/daemon',
    'infra/local/lambda/worker',
    ...functionNames.map((name) => `functions/${name}`),
  ];
  await build({
    ...options,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(sources.map((path) => [basename(path), `${path}.ts`])),
    outdir,
    external: ['classic-level', 'dynalite', 'esbuild'],
    // Bundled CommonJS packages load Node's own modules with `require`.
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);",
    },
  });
};

/** Packs the files of `dir` into one flat archive and returns its path. Source maps stay behind. */
export const pack = async (dir: string, archive = `${dir}.zip`): Promise<string> => {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((file) => file.isFile() && !file.name.endsWith('.map'))
    .map((file) => join(file.parentPath, file.name));
  const entries = paths.map(async (path) => ({ path: relative(dir, path), data: await readFile(path) }));
  await writeFile(archive, zip(await Promise.all(entries)));
  return archive;
};
