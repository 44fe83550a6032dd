import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { functionArn } from '../../../infra/local/arn.ts';
import { nightshiftService } from '../../../infra/local/daemon/nightshift-service.ts';
import { clientOptions, invoke } from '../../kit/local-service.ts';
import { loopbackPort } from '../../kit/loopback-port.ts';
import { filled, history, type Machine, once, type StartEngine } from './machine-engine.ts';
import { localStages, localStores } from './machine-local.ts';
import { startMoto } from './moto.ts';

/**
 * moto: its own Step Functions, which interprets the definition. Its Lambda needs Docker, so its interpreter is told (by the
 * port it believes itself to be on) to call Lambda at a local service: real handlers in real processes, over the wire. The
 * table is that service's too. moto sends no events, so the suite sends settle what EventBridge would.
 */
export const startMotoMachine: StartEngine = async (dir, bundles, { env }) => {
  const functions = await localStages(dir, bundles);
  const own = { PATH: process.env.PATH ?? '', ...env };
  const definition = JSON.stringify({ StartAt: 'None', States: { None: { Type: 'Succeed' } } });
  const service = await nightshiftService(dir, { functions, definition, env: own });
  const port = await loopbackPort(service.socket);
  const running = await startMoto({ MOTO_PORT: String(port.port) });
  const config = { stepfunctions: { execute_state_machine: true } };
  const configured = await fetch(`${running.url}/moto-api/config`, { method: 'POST', body: JSON.stringify(config) });
  if (!configured.ok) throw new Error(`moto was not configured: ${configured.status} ${await configured.text()}`);
  const client = new SFNClient(clientOptions(running.url));
  const stores = localStores(service);
  let machines = 0;
  const machine = once(async (text): Promise<Machine> => {
    const { stateMachineArn = '' } = await client.send(
      new CreateStateMachineCommand({
        name: `machine-${machines++}`,
        definition: filled(text, functionArn),
        roleArn: 'arn:aws:iam::123456789012:role/engine',
      }),
    );
    return {
      client,
      arn: stateMachineArn,
      stores,
      entered: history(client),
      announce: (event) => invoke(service.socket, 'settle', event, 'Event'),
    };
  });
  const close = async () => {
    await running.close();
    port.close();
    await service.close();
  };
  return { machine, close };
};
