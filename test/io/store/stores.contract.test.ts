import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import { startService } from '../../../infra/local/daemon/service.ts';
import { engineContract } from '../../kit/contract/stores.ts';
import { clientOptions } from '../../kit/local-service.ts';
import { loopbackPort } from '../../kit/loopback-port.ts';

const { Properties } = parse(readFileSync(new URL('../../../infra/table.yml', import.meta.url), 'utf8'));

engineContract('dynalite', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-'));
  const definition = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });
  const table = { name: 'nightshift-contract', properties: Properties };
  const service = await startService({ dir, functions: {}, definition, table });
  const port = await loopbackPort(service.socket);
  const client = new DynamoDBClient(clientOptions(port.origin));
  return {
    client,
    tableName: table.name,
    close: async () => {
      client.destroy();
      port.close();
      await service.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
});
