import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type LoopbackPort = { origin: string; port: number; close(): void };

/** Passes a loopback port's connections on to a Unix socket, for clients that know only ports. */
export const loopbackPort = async (socket: string): Promise<LoopbackPort> => {
  const open = new Set<Socket>();
  const kept = (one: Socket): Socket => {
    open.add(one);
    return one.on('error', () => {}).on('close', () => open.delete(one));
  };
  const server = createServer((near) => {
    const far = kept(connect(socket));
    kept(near).pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    for (const one of open) one.destroy();
  };
  return { origin: `http://127.0.0.1:${port}`, port, close };
};
