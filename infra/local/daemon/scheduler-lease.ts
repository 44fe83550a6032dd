import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { Failure } from '../../../lib/failure.ts';
import type { ServiceEvent } from './service.ts';
import { ask, openRequest } from './service-socket.ts';

export type SchedulerLease = {
  /** Whether the service or the connection to it has ended. */
  readonly lost: boolean;
  /** Starts the timer: slots due from now on are fired. Throws StoreUnavailable where the service has ended. */
  start(): Promise<void>;
  /** Stops the timer. The end of this process does the same. */
  close(): void;
};

const serviceEnded = (cause: unknown): Failure =>
  new Failure('StoreUnavailable', 'the local service has ended', { cause });

/** The daemon's response, which lasts as long as the timer is held. */
const requestTimer = (socket: string): Promise<IncomingMessage> =>
  openRequest(socket, { method: 'POST', path: '/timer' }).catch((cause: unknown) => {
    throw serviceEnded(cause);
  });

/** Parses one line of the local service's event stream. Returns undefined for a line that was cut off when the service was killed. */
const eventOf = (line: string): ServiceEvent | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** Takes the timer of a local service and receives its events. Undefined where another client holds it. Throws StoreUnavailable. */
export const takeSchedulerLease = async (
  socket: string,
  onEvent: (event: ServiceEvent) => void,
): Promise<SchedulerLease | undefined> => {
  const response = await requestTimer(socket);
  if (response.statusCode !== 200) {
    response.destroy();
    return undefined;
  }
  const lease = { lost: false };
  const lose = () => {
    lease.lost = true;
  };
  response.on('error', lose).on('close', lose);
  const lines = createInterface(response);
  lines.on('error', lose).on('line', (line) => {
    const event = eventOf(line);
    if (event !== undefined) onEvent(event);
  });
  return Object.assign(lease, {
    async start() {
      const { status } = await ask(socket, { method: 'POST', path: '/timer/start' }).catch((cause: unknown) => {
        throw serviceEnded(cause);
      });
      if (status !== 200) throw serviceEnded(new Error(`it answered ${status}`));
    },
    close: () => void response.destroy(),
  });
};
