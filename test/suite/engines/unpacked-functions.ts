import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { type FunctionName, functionNames } from '../../../infra/package/build.ts';
import { templatePath } from '../../../infra/package/package.ts';
import { project } from '../../kit/project.ts';
import type { Deployed } from './lambda-sandbox.ts';

/** Where Lambda unpacks an archive, and where this suite does instead. */
const taskRoot = '/var/task';

type Value = string | { Ref: string } | { 'Fn::Sub': string };
type Resource = { Properties: Record<string, unknown> & { Environment?: { Variables: Record<string, Value> } } };

/** Every function of the service, packaged by `npm run package`, its archive unpacked, with what the template says of it. */
export type Deployment = { functions: Record<FunctionName, Deployed>; tableName: string; keyParameter: string };

const unpacked = async (archive: string): Promise<string> => {
  const dir = archive.replace('.zip', '.task');
  for (const [path, data] of Object.entries(unzipSync(await readFile(archive)))) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), data);
  }
  return dir;
};

/** Packages the repository with these jobs beside its own. `refs` are what CloudFormation would fill in. */
export const deploy = async (jobs: Record<string, string>, refs: Record<string, string>): Promise<Deployment> => {
  const root = await project(jobs);
  await promisify(execFile)(process.execPath, [join(root, 'infra/package/package.ts'), '--stage', 'test'], {
    cwd: root,
  });
  const resources: Record<string, Resource> = JSON.parse(await readFile(templatePath(root), 'utf8')).Resources;
  const properties = (logicalId: string) => {
    const found = resources[logicalId];
    if (!found) throw new Error(`the template has no ${logicalId}`);
    return found.Properties;
  };
  const tableName = String(properties('Table').TableName);
  const known: Record<string, string> = { Table: tableName, ...refs };
  const ref = (name: string): string => {
    const text = known[name];
    if (text === undefined) throw new Error(`nothing fills in ${name}`);
    return text;
  };
  const filled = (value: Value): string => {
    if (typeof value === 'string') return value;
    return 'Ref' in value
      ? ref(value.Ref)
      : value['Fn::Sub'].replaceAll(/\$\{([\w:]+)\}/g, (_, name: string) => ref(name));
  };

  const deployed = async (name: FunctionName): Promise<Deployed> => {
    const said = properties(`${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction`);
    const dir = await unpacked(join(root, '.build', `${name}.zip`));
    const variables = Object.entries(said.Environment?.Variables ?? {});
    return {
      name: String(said.FunctionName),
      dir,
      handler: String(said.Handler),
      memoryMb: Number(said.MemorySize),
      timeoutSeconds: Number(said.Timeout),
      env: Object.fromEntries(variables.map(([key, value]) => [key, filled(value).replace(taskRoot, dir)])),
    };
  };
  const all = await Promise.all(functionNames.map(async (name) => [name, await deployed(name)] as const));
  const functions = Object.fromEntries(all) as Record<FunctionName, Deployed>;
  return { functions, tableName, keyParameter: String(functions.attempt.env.ANTHROPIC_API_KEY_PARAMETER) };
};
