import { engineContract } from '../../kit/contract/stores.ts';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { tableOn } from './engine-table.ts';
import { startMiniStack } from './ministack.ts';

engineContract('DynamoDB Local', async () => tableOn(await startDynamoDbLocal()));
engineContract('MiniStack', async () => tableOn(await startMiniStack()));
