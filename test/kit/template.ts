import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { functionNames } from '../../infra/package/build.ts';
import { synthesize, templatePath } from '../../infra/package/package.ts';

type Resource = {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
};
type Statement = { Sid?: string; Effect: string; Action: string | string[]; Resource: unknown; Condition?: unknown };

/** The template of a project as osls makes it, with empty archives, and words to ask it with. */
export const template = async (root: string, args: string[]) => {
  await mkdir(join(root, '.build'));
  for (const name of functionNames) await writeFile(join(root, '.build', `${name}.zip`), '');
  await synthesize(root, args);
  const resources: Record<string, Resource> = JSON.parse(await readFile(templatePath(root), 'utf8')).Resources;

  const named = (logicalId: string): Resource => {
    const found = resources[logicalId];
    if (!found) throw new Error(`the template has no ${logicalId}`);
    return found;
  };
  const properties = (logicalId: string): Record<string, unknown> => named(logicalId).Properties;
  const ofType = (type: string): [string, Resource][] =>
    Object.entries(resources).filter(([, found]) => found.Type === type);
  const statements = (role: string): Statement[] =>
    Object(properties(role).Policies).flatMap(
      (policy: { PolicyDocument: { Statement: Statement[] } }) => policy.PolicyDocument.Statement,
    );
  const allowed = (role: string): unknown[] =>
    statements(role).map(({ Action, Resource }) => [[Action].flat().join(' '), Resource]);
  const types = (): string[] => [...new Set(Object.values(resources).map(({ Type }) => Type))].sort();
  return { named, properties, ofType, types, statements, allowed };
};
