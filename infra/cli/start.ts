import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleCache } from '../local/daemon/bundle-cache.ts';

const dir = await bundleCache().catch((thrown: unknown) => {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exit(2);
});
enableCompileCache(join(dir, 'compiled'));
await import(pathToFileURL(join(dir, 'program.mjs')).href);
