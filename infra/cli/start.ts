import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleCache } from '../local/daemon/bundle-cache.ts';
import { projectRoot } from '../local/project-root.ts';

/** What an operator can do where the bundles cannot be written. */
const sentence = (thrown: unknown): string => {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const isUnwritable = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST'].includes(code);
  const where = join(projectRoot, '.build');
  return isUnwritable
    ? `nightshift needs a checkout that it may write to: it keeps its bundles in ${where} (${code})`
    : said;
};

const dir = await bundleCache().catch((thrown: unknown) => {
  console.error(sentence(thrown));
  process.exit(2);
});
enableCompileCache(join(dir, 'compiled'));
await import(pathToFileURL(join(dir, 'program.mjs')).href);
