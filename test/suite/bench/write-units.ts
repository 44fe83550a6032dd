import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { sessionKey } from '../../../lib/run/session.ts';
import type { Section } from './bench-report.ts';
import type { StoreCall } from './call-meter.ts';
import { engine, onLocalService } from './counted-store.ts';
import { sampleJob, sampleRun, sampleSteps, stepBytes } from './sample-run.ts';

const lengths = [1, 50, 200, 1_000];
const unitBytes = 1_024;
const longest = Math.max(...lengths);
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

type Peer = { units: number[]; brokeAt: number; why: string };

/** The alternative for comparison: one versioned item holds the whole session and is put with every step, until the store refuses it. */
const wholeSession = async (
  on: { client: Parameters<typeof DynamoDBDocumentClient.from>[0]; tableName: string; calls: StoreCall[] },
  steps: unknown[],
): Promise<Peer> => {
  const documents = DynamoDBDocumentClient.from(on.client);
  const from = on.calls.length;
  for (const version of steps.keys()) {
    const data = JSON.stringify(steps.slice(0, version + 1));
    const item = { pk: 'session#whole', sk: 'session', version: version + 1, data };
    const condition =
      version === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'version = :seen', ExpressionAttributeValues: { ':seen': version } };
    try {
      await documents.send(new PutCommand({ TableName: on.tableName, Item: item, ...condition }));
    } catch (thrown) {
      const units = on.calls.slice(from, -1).map((call) => call.units);
      return { units, brokeAt: version + 1, why: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }
  throw new Error('the store never refused the item with the whole session');
};

/** Measures the write units and bytes of a step, compared with a session that every step rewrites. */
export const units = (dir: string): Promise<Section> =>
  onLocalService(dir, {}, async (on) => {
    const { id } = sampleRun(sampleJob('bench', 'scripted/bench', ['look']));
    const steps = sampleSteps(longest, 'look');
    const peer = await wholeSession(on, steps);
    const rows: Section['rows'] = [];
    const each: number[] = [];
    const grown: number[] = [];
    for (const [index, length] of lengths.entries()) {
      const from = on.calls.length;
      for (const step of steps.slice(0, length)) await on.stores.sessions.append(sessionKey(id, index + 1), step);
      const made = on.calls.slice(from);
      const spent = sum(made.map((call) => call.units));
      const itemBytes = sum(made.map((call) => call.itemBytes)) / length;
      const breaks = length >= peer.brokeAt;
      const whole = sum(peer.units.slice(0, length));
      each.push(...made.map((call) => call.units));
      grown.push(itemBytes / stepBytes);
      rows.push({
        steps: length,
        'units/step': spent / length,
        'last step': made.at(-1)?.units ?? 0,
        'item bytes': itemBytes,
        'item/new bytes': itemBytes / stepBytes,
        'whole session: units/step': breaks ? `breaks at ${peer.brokeAt}` : whole / length,
        'x ours': breaks ? '-' : whole / spent,
      });
    }
    const ideal = Math.ceil(stepBytes / unitBytes);
    return {
      title: '1. Write units per step',
      notes: [
        `Steps of ${stepBytes} bytes of JSON, counted by the store's ConsumedCapacity (${engine}).`,
        `The whole session in one versioned item is refused at step ${peer.brokeAt}: ${peer.why}`,
      ],
      rows,
      bounds: [
        {
          what: 'dearest step / cheapest step, at any length (flat)',
          found: Math.max(...each) / Math.min(...each),
          atMost: 1,
        },
        { what: 'units per step / units of the new bytes alone', found: sum(each) / each.length / ideal, atMost: 1.05 },
        { what: 'bytes written / new bytes', found: Math.max(...grown), atMost: 1.05 },
      ],
    };
  });
