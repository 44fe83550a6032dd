import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { arnName } from '../../../infra/local/arn.ts';
import { nightshiftService } from '../../../infra/local/daemon/nightshift-service.ts';
import type { LocalService } from '../../../infra/local/daemon/service.ts';
import type { LocalFunction } from '../../../infra/local/lambda/sandbox.ts';
import { type Journal, openJournal } from '../../../infra/local/step-functions/journal.ts';
import { dynamoStores } from '../../../lib/io/store/stores.ts';
import { clientOptions } from '../../kit/local-service.ts';
import { unexpected } from '../../kit/unexpected.ts';
import { type Entered, type Machine, once, type StartEngine } from './machine-engine.ts';
import { stageIn } from './machine-script.ts';

/** The journal of the local engine, which keeps the last state only, and beside it every state that was written down. */
const remembering = (journal: Journal): { journal: Journal; entered(name: string): Entered[] } => {
  const all = new Map<string, { at: unknown; entered: Entered[] }>();
  return {
    entered: (name) => all.get(name)?.entered ?? [],
    journal: {
      ...journal,
      write(execution) {
        journal.write(execution);
        const { name, at } = execution;
        const known = all.get(name);
        if (at === undefined || at === known?.at) return;
        all.set(name, { at, entered: [...(known?.entered ?? []), { state: at.state, atMs: Date.now() }] });
      },
    },
  };
};

/** The stages as functions of a local service. */
export const localStages = async (
  dir: string,
  bundles: Parameters<StartEngine>[1],
): Promise<Record<string, LocalFunction>> => {
  const stage = async (name: 'attempt' | 'triage' | 'settle', timeoutSeconds: number) => ({
    module: await stageIn(dir, name, bundles[name]),
    timeoutSeconds,
  });
  return { attempt: await stage('attempt', 900), triage: await stage('triage', 30), settle: await stage('settle', 30) };
};

/** The table of a local service. */
export const localStores = ({ socket, env }: LocalService) =>
  dynamoStores(new DynamoDBClient(clientOptions(socket)), env.NIGHTSHIFT_TABLE ?? '', {
    now: () => new Date(),
    token: randomUUID,
    damaged: unexpected,
  });

/** The engine of `npm start`: a local service for each definition, all real. Its journal stands for GetExecutionHistory. */
export const startLocal: StartEngine = async (dir, bundles, { env }) => {
  const functions = await localStages(dir, bundles);
  const services: LocalService[] = [];
  let made = 0;
  const machine = once(async (definition): Promise<Machine> => {
    const data = join(dir, `data-${made++}`);
    await mkdir(data);
    const { journal, entered } = remembering(openJournal(data, console.error));
    const own = { PATH: process.env.PATH ?? '', ...env };
    const service = await nightshiftService(data, { functions, definition, journal, env: own, config: dir });
    services.push(service);
    return {
      client: new SFNClient(clientOptions(service.socket)),
      arn: service.env.NIGHTSHIFT_STATE_MACHINE_ARN ?? '',
      stores: localStores(service),
      entered: async (executionArn) => entered(arnName(executionArn)),
    };
  });
  return { machine, close: async () => void (await Promise.all(services.map((service) => service.close()))) };
};
