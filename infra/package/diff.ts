import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { CloudFormationClient, GetTemplateCommand, paginateListStacks } from '@aws-sdk/client-cloudformation';
import { Failure } from '../../lib/failure.ts';
import { authorized } from '../../lib/io/aws/credential.ts';

type Resource = { Type: string; Condition?: string; Properties?: Record<string, unknown> };
export type Template = { Resources: Record<string, Resource> };

/**
 * Resource types that hold data, with the properties whose change makes CloudFormation replace the resource by an empty one.
 * Sources: the create-only properties in AWS's resource schemas, and the documentation of AWS::DynamoDB::Table.
 */
export const lasting: Record<string, readonly string[]> = {
  'AWS::DynamoDB::Table': [
    'TableName',
    'KeySchema',
    'AttributeDefinitions',
    'LocalSecondaryIndexes',
    'ImportSourceSpecification',
  ],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::StepFunctions::StateMachine': ['StateMachineName', 'StateMachineType'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
};

type Attribute = { AttributeName: string };

/** Only attributes that both tables have are compared. Attributes come and go with the indexes that use them. */
const comparable = (property: string, value: unknown, other: unknown): unknown => {
  if (property !== 'AttributeDefinitions' || !Array.isArray(value) || !Array.isArray(other)) return value;
  const byName = (attributes: Attribute[]) => new Map(attributes.map((each) => [each.AttributeName, each]));
  const names = byName(other);
  return new Map([...byName(value)].filter(([name]) => names.has(name)));
};

const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** One sentence for each resource with data that deploying the packaged template would remove or replace. */
export const losses = (deployed: Template, packaged: Template): string[] =>
  Object.entries(deployed.Resources).flatMap(([id, { Type, Condition, Properties = {} }]) => {
    const properties = lasting[Type];
    if (!properties) return [];
    const next = packaged.Resources[id];
    if (next?.Type !== Type) {
      return [
        `${id}: found ${next?.Type ?? 'nothing'}, expected ${Type} as deployed: it would be removed from the stage.`,
      ];
    }
    if (next.Condition !== Condition) {
      const sentence = `found ${text(next.Condition)}, expected ${text(Condition)} as deployed`;
      return [`${id}.Condition: ${sentence}: where it does not hold, the ${Type} would be removed.`];
    }
    return properties.flatMap((property) => {
      const [before, after] = [Properties[property], next.Properties?.[property]];
      if (isDeepStrictEqual(comparable(property, before, after), comparable(property, after, before))) return [];
      const sentence = `found ${text(after)}, expected ${text(before)} as deployed`;
      return [`${id}.${property}: ${sentence}: the ${Type} would be replaced by an empty one.`];
    });
  });

/** Whether a stack is deployed. Uses the list, because GetTemplate answers a missing stack and a bad request alike. */
const isDeployed = async (client: CloudFormationClient, name: string): Promise<boolean> => {
  for await (const { StackSummaries = [] } of paginateListStacks({ client }, {})) {
    if (StackSummaries.some((stack) => stack.StackName === name && stack.StackStatus !== 'DELETE_COMPLETE'))
      return true;
  }
  return false;
};

/** The template of a deployed stack, or undefined if there is no such stack. Throws Unauthorized or CloudFormation's error. */
const deployedTemplate = async (StackName: string, region: string): Promise<Template | undefined> => {
  const client = new CloudFormationClient({ region });
  const place = `CloudFormation in ${region}`;
  try {
    if (!(await authorized(place, isDeployed(client, StackName)))) return undefined;
    const { TemplateBody = '{}' } = await authorized(place, client.send(new GetTemplateCommand({ StackName })));
    return { Resources: {}, ...JSON.parse(TemplateBody) };
  } finally {
    client.destroy();
  }
};

type Packaged = { stage: string; template: Template };

const json = async (file: string) => JSON.parse(await readFile(file, 'utf8'));

/** The package that `npm run package` made. osls deploys the template in its state file, not the one beside it. */
const packagedService = async (root: string): Promise<Packaged> => {
  try {
    const { service } = await json(join(root, '.serverless/serverless-state.json'));
    return { stage: service.provider.stage, template: service.provider.compiledCloudFormationTemplate };
  } catch (cause) {
    throw new Error(`There is no package in ${root}: npm run package makes one.`, { cause });
  }
};

const credentialAdvice =
  'AWS did not accept the credentials, or there are none. Set AWS_PROFILE (or run `aws sso login`) for an identity that may list stacks and read their templates.';

const options = {
  stage: { type: 'string', short: 's' },
  region: { type: 'string', short: 'r' },
  param: { type: 'string', multiple: true },
} as const;

/** Checks the package before it is deployed. Throws if it was made for another stage, or if the deployed stage would lose data. */
const guard = async (args: string[]): Promise<void> => {
  // Other arguments are for osls, which takes the same command line.
  const { values } = parseArgs({ args, options, strict: false });
  const stage = String(values.stage ?? 'dev');
  const region = String(values.region ?? process.env.AWS_REGION ?? 'eu-west-1');
  const packaged = await packagedService(resolve('.'));
  if (packaged.stage !== stage)
    throw new Error(`stage: found a package for ${packaged.stage}, expected one for ${stage}`);
  const [stack, place] = [`nightshift-${stage}`, `stack nightshift-${stage} in ${region}`];
  const deployed = await deployedTemplate(stack, region);
  const refused = deployed ? losses(deployed, packaged.template) : [];
  if (refused.length > 0)
    throw new Error(
      `Deploying would lose data of ${place}:\n  ${refused.join('\n  ')}\nTo deploy anyway, skip npm run diff.`,
    );
  console.log(
    deployed
      ? `No data of ${place} would be removed or replaced.`
      : `There is no ${place} yet, so there is no data to lose.`,
  );
};

if (import.meta.main) {
  await guard(process.argv.slice(2)).catch((thrown: unknown) => {
    const refused = thrown instanceof Failure && thrown.name === 'Unauthorized';
    const message = thrown instanceof Error ? thrown.message : thrown;
    console.error(refused ? `Unauthorized: ${message}\n${credentialAdvice}` : message);
    process.exitCode = 1;
  });
}
