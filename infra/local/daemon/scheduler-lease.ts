import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { Failure } from '../../../lib/failure.ts';
import type { ServiceEvent } from './service.ts';

export type SchedulerLease = {
  /** Whether the service has ended, or its connection. */
  readonly lost: boolean;
  /** Fires what is due from now on. Throws StoreUnavailable where the service is gone. */
  start(): Promise<void>;
  /** Stops the timer. So does the end of this process, however it ends. */
  close(): void;
};

const gone = (cause: unknown): Failure => new Failure('StoreUnavailable', 'the local service has ended', { cause });

/** The daemon's answer, which goes on as long as the timer is held. */
const asked = (url: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request(`${url}/timer`, { method: 'POST', agent: false })
      .on('error', (cause) => reject(gone(cause)))
      .on('response', resolve)
      .end();
  });

/** What a line says. The last one of a service that was killed may be half of one. */
const whole = (line: string): ServiceEvent | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** Holds the timer of a local service, and hears what happens there. Undefined where somebody else holds it. Throws StoreUnavailable. */
export const takeSchedulerLease = async (
  url: string,
  hear: (event: ServiceEvent) => void,
): Promise<SchedulerLease | undefined> => {
  const response = await asked(url);
  if (response.statusCode !== 200) {
    response.destroy();
    return undefined;
  }
  const held = { lost: false };
  const lose = () => {
    held.lost = true;
  };
  response.on('error', lose).on('close', lose);
  const lines = createInterface(response);
  lines.on('error', lose).on('line', (line) => {
    const event = whole(line);
    if (event !== undefined) hear(event);
  });
  return Object.assign(held, {
    async start() {
      const { ok, status } = await fetch(`${url}/timer/start`, { method: 'POST' }).catch((cause: unknown) => {
        throw gone(cause);
      });
      if (!ok) throw gone(new Error(`it answered ${status}`));
    },
    close: () => void response.destroy(),
  });
};
