import { Worker } from 'node:worker_threads';

/** Gives each free worker the next order. Rejects when a worker throws. */
export const pooled = async <Order, Report>(
  orders: Order[],
  count: number,
  onReport: (report: Report, left: number) => void,
): Promise<void> => {
  let [next, done] = [0, 0];
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./explore-worker.ts', import.meta.url));
      const more = (): void => {
        const order = orders[next++];
        if (order === undefined) void worker.terminate().then(() => resolve());
        else worker.postMessage(order);
      };
      worker.on('error', reject);
      worker.on('message', (report: Report) => {
        done += 1;
        onReport(report, orders.length - done);
        more();
      });
      more();
    });
  await Promise.all(Array.from({ length: Math.min(count, orders.length) }, work));
};
