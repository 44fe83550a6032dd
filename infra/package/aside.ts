import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { functionNames } from './build.ts';

/** Where a package lies in a project: the template with its state, and the archives that it names. */
const templates = '.serverless';
const archives = '.build';

/** A project beside the one at `root`, by links, with a package of its own. osls writes there, so the last package stays whole. */
export const projectAside = async (root: string): Promise<string> => {
  await mkdir(join(root, archives), { recursive: true });
  const aside = await mkdtemp(join(root, archives, 'package-'));
  const own = [archives, templates, '.git', 'serverless.yml'];
  for (const name of await readdir(root)) {
    if (!own.includes(name)) await symlink(join(root, name), join(aside, name));
  }
  // osls takes the directory of the real file for the service's.
  await cp(join(root, 'serverless.yml'), join(aside, 'serverless.yml'));
  await mkdir(join(aside, archives));
  return aside;
};

/** Puts a finished package in the place of the last one. Killed half-way, it leaves no template, so that nothing mixed is deployed. */
export const replacePackage = async (root: string, aside: string): Promise<void> => {
  await rename(join(root, templates), join(aside, 'replaced')).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ENOENT') throw thrown;
  });
  for (const name of functionNames) {
    const archive = join(archives, `${name}.zip`);
    await rename(join(aside, archive), join(root, archive));
  }
  await rename(join(aside, templates), join(root, templates));
};

/** Removes what `projectAside` made. */
export const removeAside = (aside: string): Promise<void> => rm(aside, { recursive: true, force: true });

/** A sentence about the package that a deploy would take now. */
export const lastPackage = async (root: string): Promise<string> => {
  const state = join(root, templates, 'serverless-state.json');
  try {
    const { service } = JSON.parse(await readFile(state, 'utf8'));
    const made = (await stat(state)).mtime.toISOString().slice(0, 19);
    return `${templates} still holds the package of ${made}Z for stage ${service.provider.stage}. A deploy would put up that one.`;
  } catch {
    return `${templates} holds no package. There is nothing to deploy.`;
  }
};
