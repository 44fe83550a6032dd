import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Failure } from '../../failure.ts';
import { JobState } from '../../policy/job-state.ts';
import { Checkpoint } from '../../watch/checkpoint.ts';
import { itemValue, type Key, type RawItem, storedAs, type Table, type TableDeps, table } from './table.ts';

/** An item of a job that cannot be read. `data` is its value as far as it is JSON; `version` is the one that replaces it. */
export type Damage = { item: 'state' | 'look'; problem: string; data: unknown; version: number };

/** The damaged items of jobs. Nothing is removed: a damaged item is kept beside the one that replaces it. */
export type Damages = {
  /** The state and the checkpoint of a job, where they cannot be read. */
  ofJob(job: string): Promise<Damage[]>;
  /**
   * Keeps the damaged item and then replaces it, if it still is what was read. Returns the key under which it is kept. Throws JobConflict where another
   * process changed it.
   */
  replace(job: string, damage: Damage, value: JobState | Checkpoint): Promise<string>;
};

const StoredCheckpoint = storedAs(Checkpoint, 'accountedUpTo', 'to');
const stored = {
  state: { schema: JobState, data: (value: JobState): unknown => value, keptDays: 3650 },
  look: { schema: StoredCheckpoint.schema, data: StoredCheckpoint.data, keptDays: undefined },
};

const keyOf = (job: string, item: Damage['item']): Key => ({ pk: `job#${job}`, sk: item });

const dataIn = ({ data }: RawItem): unknown => {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
};

const problemOf = (job: string, item: Damage['item'], raw: RawItem): string | undefined => {
  const key = keyOf(job, item);
  try {
    if (item === 'state') itemValue(stored.state.schema, raw, (value) => ({ ...key, pk: `job#${value.job}` }));
    else itemValue(stored.look.schema, raw, (value) => ({ ...key, pk: `job#${value.job}` }));
    return typeof raw.version === 'number' ? undefined : `item ${key.pk} ${key.sk}: found no version`;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'DamagedItem') return thrown.message;
    throw thrown;
  }
};

const nextVersion = ({ version }: RawItem): number =>
  typeof version === 'number' && Number.isSafeInteger(version) && version > 0 ? version + 1 : 1;

/** The checkpoint's own name of a field that is stored under another. */
const asCheckpoint = (data: unknown): unknown =>
  data instanceof Object && 'to' in data ? { ...data, accountedUpTo: data.to } : data;

/** Damaged items in a DynamoDB table. */
export const dynamoDamages = (client: DynamoDBClient, tableName: string, deps: TableDeps): Damages =>
  damagesOf(table(client, tableName, deps), deps.now);

const damagesOf = (items: Table, now: () => Date): Damages => {
  const seen = new WeakMap<Damage, RawItem>();
  return {
    async ofJob(job) {
      const found: Damage[] = [];
      for (const item of ['state', 'look'] as const) {
        const raw = await items.get(keyOf(job, item));
        const problem = raw && problemOf(job, item, raw);
        if (!raw || problem === undefined) continue;
        const data = item === 'look' ? asCheckpoint(dataIn(raw)) : dataIn(raw);
        const damage: Damage = { item, problem, data, version: nextVersion(raw) };
        seen.set(damage, raw);
        found.push(damage);
      }
      return found;
    },

    async replace(job, damage, value) {
      const raw = seen.get(damage);
      if (!raw) throw new Failure('JobConflict', `job ${job}: its damaged ${damage.item} was not read here`);
      const key = keyOf(job, damage.item);
      const kept: Key = { pk: key.pk, sk: `damaged#${damage.item}#${now().toJSON()}` };
      await items.put({ key: kept, data: raw }, 'JobConflict');
      const { data, keptDays } = stored[damage.item];
      const draft = { key, version: damage.version, data: (data as (one: unknown) => unknown)(value) };
      await items.replace(raw, { ...draft, ...(keptDays && { keptDays }) }, 'JobConflict');
      return `${kept.pk} ${kept.sk}`;
    },
  };
};
