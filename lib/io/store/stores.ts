import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { JobStates } from '../../policy/job-state.ts';
import type { Attempts } from '../../run/attempt.ts';
import type { Effects } from '../../run/effect.ts';
import type { Runs } from '../../run/run.ts';
import type { Sessions } from '../../run/session.ts';
import type { Checkpoints } from '../../watch/checkpoint.ts';
import type { SlotRanges } from '../../watch/slot-range.ts';
import { dynamoAttempts } from './attempts.ts';
import { dynamoCheckpoints } from './checkpoints.ts';
import { dynamoEffects } from './effects.ts';
import { dynamoJobStates } from './job-states.ts';
import { dynamoRuns } from './runs.ts';
import { dynamoSessions } from './sessions.ts';
import { dynamoSlotRanges } from './slot-ranges.ts';
import { type TableDeps, table } from './table.ts';

/** All stores of the service. */
export type Stores = {
  runs: Runs;
  attempts: Attempts;
  sessions: Sessions;
  effects: Effects;
  states: JobStates;
  checkpoints: Checkpoints;
  ranges: SlotRanges;
};

/** All stores, in one DynamoDB table. */
export const dynamoStores = (client: DynamoDBClient, tableName: string, deps: TableDeps): Stores => {
  const shared = table(client, tableName, deps);
  return {
    runs: dynamoRuns(shared),
    attempts: dynamoAttempts(shared),
    sessions: dynamoSessions(shared),
    effects: dynamoEffects(shared),
    states: dynamoJobStates(shared),
    checkpoints: dynamoCheckpoints(shared),
    ranges: dynamoSlotRanges(shared),
  };
};
