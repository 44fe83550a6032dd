import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Listening = {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  origin: string;
  port: number;
  /** Stops listening and cuts every open connection, including hanging ones. */
  close(): Promise<void>;
};

/** Serves on a free port of 127.0.0.1, reachable from this machine only. */
export const listen = async (handler: RequestListener): Promise<Listening> => {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${port}`, port, close };
};

/** Reads the whole request body. Rejects when the client leaves before its end. */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** The end of an exchange: `answered` in full, or `dropped` by either side before that. */
export type Ended = 'answered' | 'dropped';

/** Resolves when the exchange is over. Call it before the answer begins. */
export const endOf = (response: ServerResponse): Promise<Ended> =>
  new Promise((resolve) => response.once('close', () => resolve(response.writableFinished ? 'answered' : 'dropped')));
