type Resource = { Type: string; Properties?: Record<string, unknown> };
type Template = { Resources: Record<string, Resource> };

/** Quotas of CloudFormation, IAM and Lambda that more jobs or models may reach (AWS documentation, November 2026). */
const most = { resources: 500, templateBytes: 1_000_000, policyCharacters: 10_240, environmentBytes: 4096 };

/** As long as the values that CloudFormation puts in place of its functions in most Regions. */
const filled: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-2',
  'AWS::AccountId': '123456789012',
};
const longArn = `arn:aws:service:ap-southeast-2:123456789012:${'x'.repeat(60)}`;

/** The value with CloudFormation's functions in it replaced by texts of the usual length. */
const expanded = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== 'object' || value === null) return value;
  const { 'Fn::Sub': text, 'Fn::GetAtt': attribute, Ref: reference } = Object(value);
  if (typeof text === 'string') return text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => filled[name] ?? longArn);
  if (attribute !== undefined || reference !== undefined) return longArn;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expanded(inner)]));
};

const sizeOf = (value: unknown): number => JSON.stringify(expanded(value) ?? null).length;
const counted = (count: number): string => count.toLocaleString('en');

const rolePolicy = ([name, { Properties = {} }]: [string, Resource]): string[] => {
  const { Policies = [] } = Properties as { Policies?: { PolicyDocument: unknown }[] };
  const size = Policies.reduce((sum, { PolicyDocument }) => sum + sizeOf(PolicyDocument), 0);
  if (size <= most.policyCharacters) return [];
  return [
    `${name}: its policies take about ${counted(size)} characters, and IAM allows ${counted(most.policyCharacters)} a role: use fewer models of Bedrock, or deploy some of the jobs as a service of their own`,
  ];
};

const functionEnvironment = ([name, { Properties = {} }]: [string, Resource]): string[] => {
  const size = sizeOf(Object(Properties.Environment).Variables ?? {});
  if (size <= most.environmentBytes) return [];
  return [
    `${name}: its environment takes about ${counted(size)} bytes, and Lambda allows ${counted(most.environmentBytes)}`,
  ];
};

/** What AWS would refuse of a template because it is too large, one sentence each, with what to do. `bytes`: the size of its file. */
export const quotaProblems = ({ Resources }: Template, bytes: number): string[] => {
  const all = Object.entries(Resources);
  const of = (type: string) => all.filter(([, { Type }]) => Type === type);
  const jobs = of('AWS::Scheduler::Schedule').length;
  const fewer = `${counted(jobs)} of them are schedules: deploy some of the jobs as a service of their own`;
  return [
    ...(all.length > most.resources
      ? [`the template has ${counted(all.length)} resources, and CloudFormation allows ${most.resources}; ${fewer}`]
      : []),
    ...(bytes > most.templateBytes
      ? [`the template has ${counted(bytes)} bytes, and CloudFormation allows ${counted(most.templateBytes)}; ${fewer}`]
      : []),
    ...of('AWS::IAM::Role').flatMap(rolePolicy),
    ...of('AWS::Lambda::Function').flatMap(functionEnvironment),
  ];
};
