import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { expect, it } from 'vitest';
import { type FunctionName, functionNames } from '../../../infra/package/build.ts';
import { slotAgo } from './deployed-stage.ts';
import { region } from './emulated-cloud.ts';
import { compared, type Grant, grantsOf, type Need } from './role-grants.ts';
import type { Deployed } from './test-stage.ts';

const nameOf = (arn = ''): string => arn.slice(arn.lastIndexOf('/') + 1);
const made = (role: string, resource: string, ...actions: string[]): Need[] =>
  actions.map((action) => ({ role, action, resource }));

/** A request to a model behind a profile needs, beside the profile, that model in the Region that Bedrock then chooses. */
const behind = ({ role, action, resource }: Need): Need[] => {
  const [, model] = /:inference-profile\/[a-z-]+\.(.+)$/.exec(resource) ?? [];
  if (model === undefined) return [];
  return made(role, `arn:aws:bedrock:eu-central-1::foundation-model/${model}`, action);
};

/** What Lambda does with a function's role, beside running it: it writes its log, and keeps events that it could not handle. */
const byLambda = async ({ stage }: Deployed, name: FunctionName): Promise<{ role: string; needs: Need[] }> => {
  const FunctionName = `nightshift-test-${name}`;
  const { Role, LoggingConfig } = await stage.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const role = nameOf(Role);
  const log = `arn:aws:logs:${region}:000000000000:log-group:${LoggingConfig?.LogGroup}:log-stream:any`;
  const config = await stage.lambda
    .send(new GetFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: '$LATEST' }))
    .catch((thrown: unknown) => {
      if (thrown instanceof ResourceNotFoundException) return undefined;
      throw thrown;
    });
  const queue = config?.DestinationConfig?.OnFailure?.Destination;
  const kept = queue === undefined ? [] : made(role, queue, 'sqs:SendMessage');
  return { role, needs: [...made(role, log, 'logs:CreateLogStream', 'logs:PutLogEvents'), ...kept] };
};

const logDelivery = ['Create', 'Get', 'Update', 'Delete'].map((verb) => `logs:${verb}LogDelivery`);
const logPolicies = ['ListLogDeliveries', 'PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups'];

/** What Step Functions does: it invokes its stages and, as AWS documents, sets up the delivery of its log, which has no resource to name. */
const byStateMachine = async ({ stage }: Deployed): Promise<{ role: string; needs: Need[] }> => {
  const stateMachineArn = `arn:aws:states:${region}:000000000000:stateMachine:nightshift-test`;
  const { roleArn, definition = '{}' } = await stage.machine.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const role = nameOf(roleArn);
  const states: { Type: string; Resource: string }[] = Object.values(JSON.parse(definition).States);
  const tasks = states.filter(({ Type }) => Type === 'Task');
  const delivering = made(role, '*', ...logDelivery, ...logPolicies.map((name) => `logs:${name}`));
  return {
    role,
    needs: [...tasks.flatMap(({ Resource }) => made(role, Resource, 'lambda:InvokeFunction')), ...delivering],
  };
};

/** What Scheduler does: it invokes a schedule's target and keeps what it could not deliver. */
const byScheduler = async ({ stage }: Deployed): Promise<{ role: string; needs: Need[] }> => {
  const { Target } = await stage.schedule('report');
  const role = nameOf(Target.RoleArn);
  const kept = made(role, Target.DeadLetterConfig.Arn, 'sqs:SendMessage');
  return { role, needs: [...made(role, Target.Arn, 'lambda:InvokeFunction'), ...kept] };
};

/** Everything that was recorded and is documented, with the roles it is made in. */
const everything = async (deployed: Deployed): Promise<{ roles: string[]; needs: Need[] }> => {
  const functions = await Promise.all(functionNames.map((name) => byLambda(deployed, name)));
  const services = [await byStateMachine(deployed), await byScheduler(deployed)];
  const roleOf = (caller: FunctionName) => functions[functionNames.indexOf(caller)]?.role ?? '';
  const recorded = deployed.cloud.calls.map(({ caller, ...call }) => ({ role: roleOf(caller), ...call }));
  const all = [...functions, ...services];
  return {
    roles: all.map(({ role }) => role),
    needs: [...all.flatMap(({ needs }) => needs), ...recorded, ...recorded.flatMap(behind)],
  };
};

/** Takes an action out of a role's only policy, and gives back what undoes that. */
const taken = async (iam: IAMClient, RoleName: string, action: string): Promise<() => Promise<unknown>> => {
  const { PolicyNames: [PolicyName] = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  const whole = decodeURIComponent(PolicyDocument);
  const put = (document: string) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
  await put(whole.replaceAll(`"${action}"`, '"sts:GetCallerIdentity"'));
  return () => put(whole);
};

/** The roles of a deployed stage, beside what its runs have made so far. */
export const leastPrivilege = (at: () => Deployed): void => {
  const both = async (): Promise<{ needs: Need[]; grants: Grant[] }> => {
    const { roles, needs } = await everything(at());
    const iam = new IAMClient(at().cloud.client);
    const grants = (await Promise.all(roles.map((role) => grantsOf(iam, role)))).flat();
    iam.destroy();
    return { needs, grants };
  };

  it('allows every action that the functions and the services were seen to make, and none beside', async () => {
    const { needs, grants } = await both();
    expect(compared(needs, grants)).toEqual({ missing: [], unused: [] });
    expect(grants.length).toBeGreaterThanOrEqual(30);
  });

  it('names no action by `*`, and no resource but where AWS has none to name', async () => {
    const { grants } = await both();
    expect(grants.filter(({ action }) => /[*?]/.test(action))).toEqual([]);
    const wide = new Set(grants.filter(({ resource }) => resource === '*').map(({ action }) => action));
    expect([...wide].sort()).toEqual([...logDelivery, ...logPolicies.map((name) => `logs:${name}`)].sort());
  });

  it('holds: without its permission a function is refused, and the run says so', async () => {
    const { cloud, stage } = at();
    const iam = new IAMClient(cloud.client);
    const { role } = await byLambda(at(), 'attempt');
    const giveBack = await taken(iam, role, 'secretsmanager:GetSecretValue');
    const { outcome } = await stage.ended(await stage.fire('report', slotAgo(25)));
    await giveBack();
    iam.destroy();
    const message = expect.stringContaining('secret nightshift/test/anthropic-api-key could not be read: AccessDenied');
    expect(outcome).toMatchObject({ status: 'failed', failure: 'Unauthorized', message, attempts: 1 });
  });

  it('is not asked of a service by MiniStack: what Step Functions and Scheduler do is taken from what is deployed', async () => {
    const { cloud, stage, replies } = at();
    const iam = new IAMClient(cloud.client);
    const { role } = await byStateMachine(at());
    const giveBack = await taken(iam, role, 'lambda:InvokeFunction');
    replies.push({ text: 'Invoked without permission.' });
    const { outcome } = await stage.ended(await stage.fire('report', slotAgo(24)));
    await giveBack();
    iam.destroy();
    expect(outcome).toMatchObject({ status: 'succeeded' });
  });

  it('would miss each permission that is taken away, by name', async () => {
    const { needs, grants } = await both();
    for (const gone of grants) {
      const { missing, unused } = compared(
        needs,
        grants.filter((grant) => grant !== gone),
      );
      expect(missing[0], gone.action).toContain(`${gone.role}: ${gone.action} on `);
      expect(unused).toEqual([]);
    }
  });

  it('would find each permission too many, by name', async () => {
    const { needs, grants } = await both();
    for (const { role, resource } of grants) {
      const more = { role, action: 'dynamodb:DeleteItem', resource };
      const found = compared(needs, [...grants, more]);
      expect(found).toEqual({ missing: [], unused: [`${role}: dynamodb:DeleteItem on ${resource}`] });
    }
  });
};
