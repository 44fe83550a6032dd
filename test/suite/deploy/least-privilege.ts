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

/** The model behind an inference profile, in the Region that Bedrock chooses. A request to the profile needs both. */
const behind = ({ role, action, resource }: Need): Need[] => {
  const [, model] = /:inference-profile\/[a-z-]+\.(.+)$/.exec(resource) ?? [];
  if (model === undefined) return [];
  return made(role, `arn:aws:bedrock:eu-central-1::foundation-model/${model}`, action);
};

/** While a deployment is under way, a function of the version before asks without a stream. */
const before = ({ role, action, resource }: Need): Need[] =>
  action === 'bedrock:InvokeModelWithResponseStream' ? made(role, resource, 'bedrock:InvokeModel') : [];

/** What Lambda itself needs of a function's role: it writes the log and sends unhandled events to the queue. */
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

/** What Step Functions needs: it invokes the stages and sets up log delivery, for which AWS has no resource to name. */
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

/** What Scheduler needs: it invokes a schedule's target and sends undelivered events to the queue. */
const byScheduler = async ({ stage }: Deployed): Promise<{ role: string; needs: Need[] }> => {
  const { Target } = await stage.schedule('report');
  const role = nameOf(Target.RoleArn);
  const kept = made(role, Target.DeadLetterConfig.Arn, 'sqs:SendMessage');
  return { role, needs: [...made(role, Target.Arn, 'lambda:InvokeFunction'), ...kept] };
};

/** Every recorded and documented need, with the roles. */
const everything = async (deployed: Deployed): Promise<{ roles: string[]; needs: Need[] }> => {
  const functions = await Promise.all(functionNames.map((name) => byLambda(deployed, name)));
  const services = [await byStateMachine(deployed), await byScheduler(deployed)];
  const roleOf = (caller: FunctionName) => functions[functionNames.indexOf(caller)]?.role ?? '';
  const calls = deployed.cloud.calls.map(({ caller, ...call }) => ({ role: roleOf(caller), ...call }));
  const recorded = [...calls, ...calls.flatMap(before)];
  const all = [...functions, ...services];
  return {
    roles: all.map(({ role }) => role),
    needs: [...all.flatMap(({ needs }) => needs), ...recorded, ...recorded.flatMap(behind)],
  };
};

/** Removes an action from a role's only policy and returns a function that restores it. */
const taken = async (iam: IAMClient, RoleName: string, action: string): Promise<() => Promise<unknown>> => {
  const { PolicyNames: [PolicyName] = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  const whole = decodeURIComponent(PolicyDocument);
  const put = (document: string) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
  await put(whole.replaceAll(`"${action}"`, '"sts:GetCallerIdentity"'));
  return () => put(whole);
};

/** Tests of the roles of a deployed stage against the requests of its runs so far. */
export const leastPrivilege = (at: () => Deployed): void => {
  const both = async (): Promise<{ needs: Need[]; grants: Grant[] }> => {
    const { roles, needs } = await everything(at());
    const iam = new IAMClient(at().cloud.client);
    const grants = (await Promise.all(roles.map((role) => grantsOf(iam, role)))).flat();
    iam.destroy();
    return { needs, grants };
  };

  it('allows exactly the actions that the functions and services need', async () => {
    const { needs, grants } = await both();
    expect(compared(needs, grants)).toEqual({ missing: [], unused: [] });
    expect(grants.length).toBeGreaterThanOrEqual(30);
  });

  it('has no wildcard action, and a wildcard resource only where AWS has no resource to name', async () => {
    const { grants } = await both();
    expect(grants.filter(({ action }) => /[*?]/.test(action))).toEqual([]);
    const wide = new Set(grants.filter(({ resource }) => resource === '*').map(({ action }) => action));
    expect([...wide].sort()).toEqual([...logDelivery, ...logPolicies.map((name) => `logs:${name}`)].sort());
  });

  it('is enforced: a function without its permission is refused, and the outcome says why', async () => {
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

  it('is not enforced for services by MiniStack, so their needs come from the deployed resources', async () => {
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

  it('would report each removed permission by name', async () => {
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

  it('would report each additional permission by name', async () => {
    const { needs, grants } = await both();
    for (const { role, resource } of grants) {
      const more = { role, action: 'dynamodb:DeleteItem', resource };
      const found = compared(needs, [...grants, more]);
      expect(found).toEqual({ missing: [], unused: [`${role}: dynamodb:DeleteItem on ${resource}`] });
    }
  });
};
