import { GetRolePolicyCommand, type IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';

type Statement = {
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
  Condition?: { 'ForAllValues:StringLike'?: { 'dynamodb:LeadingKeys'?: string[] } };
};

/** An action on a resource, or on a pattern of resources, that a role allows. */
export type Grant = { role: string; action: string; resource: string; leadingKeys?: string[] | undefined };
/** An action on a resource that this role performs, and the partition key of an item that it puts. */
export type Need = { role: string; action: string; resource: string; leadingKey?: string | undefined };

const listed = (value: string | string[]): string[] => [value].flat();

/** The name of the policy that only MiniStack needs (see user-project.ts). */
export const ofThisCloud = 'ministack';

/** Every grant of a role, without MiniStack's own policy. Throws for a statement that is not Allow. */
export const grantsOf = async (iam: IAMClient, role: string): Promise<Grant[]> => {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: role }));
  const own = PolicyNames.filter((name) => name !== ofThisCloud);
  const policies = await Promise.all(
    own.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName: role, PolicyName }))),
  );
  return policies.flatMap(({ PolicyDocument = '{}' }) => {
    const { Statement: statements } = JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: Statement[] };
    return statements.flatMap(({ Effect, Action, Resource, Condition }) => {
      const leadingKeys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
      if (Effect !== 'Allow') throw new Error(`${role}: found ${Effect}, expected Allow`);
      return listed(Action).flatMap((action) =>
        listed(Resource).map((resource) => ({ role, action, resource, leadingKeys })),
      );
    });
  });
};

/** IAM's patterns: `*` is any text, `?` one character. */
const matches = (pattern: string, value: string): boolean => {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(value);
};

const covers = (grant: Grant, need: Need): boolean =>
  grant.role === need.role &&
  matches(grant.action, need.action) &&
  matches(grant.resource, need.resource) &&
  (grant.leadingKeys === undefined || grant.leadingKeys.some((pattern) => matches(pattern, need.leadingKey ?? '')));

const named = ({ role, action, resource }: Grant | Need): string => `${role}: ${action} on ${resource}`;

/** The needs without a grant and the grants without a need, each once. */
export const compared = (needs: Need[], grants: Grant[]): { missing: string[]; unused: string[] } => ({
  missing: [...new Set(needs.filter((need) => !grants.some((grant) => covers(grant, need))).map(named))],
  unused: [...new Set(grants.filter((grant) => !needs.some((need) => covers(grant, need))).map(named))],
});
