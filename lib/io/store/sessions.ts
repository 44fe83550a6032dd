import { Failure } from '../../failure.ts';
import { parse } from '../../parse.ts';
import { toolCalls } from '../../run/message.ts';
import type { Sessions } from '../../run/session.ts';
import { Step } from '../../run/step.ts';
import { itemValue, storedAs, type Table } from './table.ts';

/** The stored form of a step. */
export const StoredStep = storedAs(Step, 'messages', 'turn');

const pkOf = (key: string) => `session#${key}`;
const skOf = (number: number) => `step#${String(number).padStart(5, '0')}`;

const repeated = (ids: string[]): string | undefined => {
  const seen = new Set<string>();
  return ids.find((id) => seen.size === seen.add(id).size);
};

/** Sessions in the table: one item per step, so a write costs the same at any length of the session. */
export const dynamoSessions = (table: Table): Sessions => ({
  async load(key) {
    const items = await table.query({
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pkOf(key), ':sk': 'step#' },
      ConsistentRead: true,
    });
    const steps = items.map((item, at) => {
      const step = itemValue(StoredStep.schema, item, () => ({ pk: pkOf(key), sk: String(item.sk) }));
      if (step.number === at + 1 && item.sk === skOf(at + 1)) return step;
      throw new Failure(
        'DamagedItem',
        `session ${key}: found step ${step.number} at ${item.sk}, expected step ${at + 1}`,
      );
    });
    const duplicate = repeated(
      steps.flatMap(({ messages }) => toolCalls(messages[0]).map(({ toolCallId }) => toolCallId)),
    );
    if (duplicate !== undefined)
      throw new Failure('DamagedItem', `session ${key}: found two calls with the id ${duplicate}`);
    return steps;
  },

  async append(key, step) {
    const data = parse(Step, step, 'DamagedItem', `session ${key}: step ${step.number}`);
    await table.put({ key: { pk: pkOf(key), sk: skOf(step.number) }, data: StoredStep.data(data) }, 'SessionConflict');
  },
});
