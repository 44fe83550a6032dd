import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as soon } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import type { Guard } from '../../../lib/io/web/dial.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { ask } from '../../kit/guarded-http.ts';

/** A server in a thread of its own. `state` is 0 until it may answer, 1 from then on, and 2 when its answer is with the operating system. */
const server = `
const net = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const state = new Int32Array(workerData);
const server = net.createServer((socket) => socket.once('data', () => {
  Atomics.wait(state, 0, 0);
  socket.end('HTTP/1.1 201 Created\\r\\ncontent-length: 4\\r\\n\\r\\ndone', () => {
    Atomics.store(state, 0, 2);
    Atomics.notify(state, 0);
  });
}));
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

it('an answer that came while the process was busy counts, although its deadline has passed since', async () => {
  const shared = new SharedArrayBuffer(4);
  const state = new Int32Array(shared);
  const worker = new Worker(server, { eval: true, workerData: shared });
  onTestFinished(async () => {
    await worker.terminate();
  });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const host = `127.0.0.1:${port}`;
  const time = new AbortController();
  const isSending = Promise.withResolvers<void>();
  const connect: Guard['connect'] = async (target) => {
    const socket = net.connect(target.port, target.address);
    await once(socket, 'connect');
    // The request is written in the turn in which the connection is returned.
    setImmediate(isSending.resolve);
    return socket;
  };
  const answer = ask(guardedHttp({ connect }), `http://${host}/`, [host], { method: 'POST', signal: time.signal });
  await isSending.promise;
  // From a timer, as a deadline fires: after it, the event loop reads the sockets.
  await soon(0);
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
  Atomics.wait(state, 0, 1);
  time.abort();
  expect(await answer).toMatchObject({ status: 201, body: Buffer.from('done') });
});
