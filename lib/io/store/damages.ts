import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Failure } from '../../failure.ts';
import type { JobState } from '../../policy/job-state.ts';
import type { Checkpoint } from '../../watch/checkpoint.ts';
import { checkpointDraft, checkpointFields, checkpointKey, readCheckpoint } from './checkpoints.ts';
import { readState, stateDraft, stateKey } from './job-states.ts';
import { type Key, type RawItem, type TableDeps, table } from './table.ts';

/** An item of a job that cannot be read, as it was found. `data` is its value as far as it is JSON; `version` is the one that replaces it. */
export type Damage = { item: 'state' | 'look'; problem: string; data: unknown; version: number; raw: RawItem };

/** The damaged items of jobs. Nothing is removed: a damaged item is kept beside the one that replaces it. */
export type Damages = {
  /** The state and the checkpoint of a job, where they cannot be read. */
  ofJob(job: string): Promise<Damage[]>;
  /**
   * Keeps the damaged item and then replaces it, if it still is what was found. Returns the key under which it is kept. Throws JobConflict where another
   * process changed it.
   */
  replace(damage: Damage, made: { state: JobState } | { checkpoint: Checkpoint }): Promise<string>;
};

const kinds = {
  state: { keyOf: stateKey, read: readState, fields: (data: unknown): unknown => data },
  look: { keyOf: checkpointKey, read: readCheckpoint, fields: checkpointFields },
};

const dataIn = ({ data }: RawItem): unknown => {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
};

const problemOf = (raw: RawItem, read: (raw: RawItem) => unknown): string | undefined => {
  try {
    read(raw);
    return typeof raw.version === 'number' ? undefined : `item ${raw.pk} ${raw.sk}: found no version`;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'DamagedItem') return thrown.message;
    throw thrown;
  }
};

const nextVersion = ({ version }: RawItem): number =>
  typeof version === 'number' && Number.isSafeInteger(version) && version > 0 ? version + 1 : 1;

/** Damaged items in a DynamoDB table. */
export const dynamoDamages = (client: DynamoDBClient, tableName: string, deps: TableDeps): Damages => {
  const items = table(client, tableName, deps);
  return {
    async ofJob(job) {
      const found: Damage[] = [];
      for (const item of ['state', 'look'] as const) {
        const { keyOf, read, fields } = kinds[item];
        const raw = await items.get(keyOf({ job }));
        const problem = raw && problemOf(raw, read);
        if (raw && problem !== undefined)
          found.push({ item, problem, data: fields(dataIn(raw)), version: nextVersion(raw), raw });
      }
      return found;
    },

    async replace({ item, raw }, made) {
      const draft = 'state' in made ? stateDraft(made.state) : checkpointDraft(made.checkpoint);
      const kept: Key = { pk: draft.key.pk, sk: `damaged#${item}#${deps.now().toJSON()}` };
      await items.put({ key: kept, data: raw }, 'JobConflict');
      await items.replace(raw, draft, 'JobConflict');
      return `${kept.pk} ${kept.sk}`;
    },
  };
};
