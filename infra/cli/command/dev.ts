import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { asFailure, Failure } from '../../../lib/failure.ts';
import type { Declared } from '../../../lib/io/files/job-files.ts';
import { unusableDirectory } from '../../local/daemon/data-directory.ts';
import { type SchedulerLease, takeSchedulerLease } from '../../local/daemon/scheduler-lease.ts';
import type { ServiceEvent } from '../../local/daemon/service.ts';
import { syncSchedules, type Timetable } from '../../local/scheduler/sync-schedules.ts';
import { type LocalClient, openLocalClient } from '../client/client.ts';
import { readDeclared } from '../client/job-files.ts';
import { writeLocalConfig } from '../client/local-config.ts';
import type { DevEvent } from '../contract/dev-event.ts';
import { watchChanges } from '../dev/file-changes.ts';
import { type Reporter, reporter } from '../dev/reporter.ts';
import { type RunPoller, runPoller } from '../dev/run-poller.ts';
import { type ServiceEvents, serviceEvents } from '../dev/service-events.ts';
import { exitCodes } from '../print/exit.ts';
import type { Terminal } from '../print/terminal.ts';

export type DevOptions = { infra: string; data: string; json?: boolean };

/** `restMs`: the pause between two looks. `askMs`: the interval of the search for runs without an event. */
const restMs = 200;
const askMs = 10_000;
/** How many runs of a job a look reads: `many` after the watchman found undelivered slots. */
const few = 30;
const many = 1000;

type Connected = { stage: LocalClient; hold: SchedulerLease; timetable: Timetable };

/** Holds the timer. The one before may be dying: its place is free in a moment. Throws StoreUnavailable where another `dev` works here. */
const held = async (stage: LocalClient, data: string, hear: (event: ServiceEvent) => void): Promise<SchedulerLease> => {
  for (let tries = 0; tries < 5; tries += 1) {
    const hold = await takeSchedulerLease(stage.socket, hear);
    if (hold !== undefined) return hold;
    await setTimeout(100);
  }
  throw new Failure('StoreUnavailable', `another \`dev\` works on ${data}; stop it, or give --data another directory`);
};

const schedulesKept = async (stage: LocalClient, { jobs }: Declared): Promise<Timetable> => {
  const client = new SchedulerClient(stage.scheduler());
  try {
    return await syncSchedules(jobs, client, new Date());
  } finally {
    client.destroy();
  }
};

const configWritten = async (data: string, declared: Declared): Promise<void> => {
  await writeLocalConfig(data, declared).catch((thrown: unknown) => {
    throw unusableDirectory(data, thrown);
  });
};

/** All that `dev` is, once it runs: everything it hears, reads and says. */
const session = (options: DevOptions, tell: Reporter, runs: RunPoller) => {
  const heard: ServiceEvent[] = [];
  const understand = serviceEvents();
  let askedAt = 0;

  /** Nothing of another `dev` is touched before it is known that there is none. */
  const connect = async (declared: Declared): Promise<Connected> => {
    const idle = await openLocalClient(options.data, { resume: false });
    const opened = [idle];
    try {
      const hold = await held(idle, options.data, (event) => void heard.push(event));
      await configWritten(options.data, declared);
      const stage = await openLocalClient(options.data, { resume: true });
      opened.push(stage);
      const timetable = await schedulesKept(stage, declared);
      await hold.start();
      idle.close();
      return { stage, hold, timetable };
    } catch (thrown) {
      for (const one of opened) one.close();
      throw thrown;
    }
  };
  const scan = async (jobs: string[], { stage }: Connected, deep: boolean): Promise<DevEvent[]> =>
    runs.scan(jobs, stage.stores, { limit: deep ? many : few });

  /** One look: what the service has told, the runs that are open, and now and then all of them. */
  const look = async (declared: Declared, connected: Connected): Promise<void> => {
    const told: ServiceEvents[] = heard.splice(0).map(understand);
    tell.say(told.flatMap(({ events }) => events));
    const ended = await runs.follow(connected.stage.stores);
    tell.say(ended);
    const all = Date.now() - askedAt > askMs;
    if (all) askedAt = Date.now();
    const names = declared.jobs.map(({ name }) => name);
    // The end of a run may start the queued run.
    const freed = ended.flatMap((one) => (one.event === 'ended' ? [one.job] : []));
    const jobs = all ? names : [...new Set([...told.flatMap((one) => one.jobs), ...freed])];
    const deep = told.some((one) => one.deep);
    tell.say(await scan(jobs, connected, deep));
  };
  /** Reads the job files again. Wrong ones change nothing. */
  const reread = async (declared: Declared, connected: Connected): Promise<Declared> => {
    try {
      const fresh = await readDeclared(options.infra);
      await configWritten(options.data, fresh);
      const timetable = await schedulesKept(connected.stage, fresh);
      const { created, updated, removed } = timetable;
      tell.know(fresh, timetable);
      tell.say([{ event: 'files', created, updated, removed }]);
      tell.schedules([...created, ...updated]);
      return fresh;
    } catch (thrown) {
      const { name, message } = asFailure(thrown);
      if (name !== 'InvalidJob') throw thrown;
      tell.say([{ event: 'invalid', problems: message.split('\n') }]);
      return declared;
    }
  };
  return { connect, look, reread };
};

/** Whether what was thrown is the service's end. Its connections may close a moment after a request has failed. */
const isLost = async (connected: Connected): Promise<boolean> => {
  for (let waits = 0; waits < 10 && !connected.hold.lost; waits += 1) await setTimeout(50);
  return connected.hold.lost;
};

/**
 * Fires every job at its slots until a signal stops it, and reports each event. Reads changed job files again, and restarts a dead service.
 * Resolves to 0 on SIGINT and SIGTERM. Throws InvalidJob, StoreUnavailable.
 */
export const dev = async (options: DevOptions, out: Terminal): Promise<number> => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const isStopped = (): boolean => stop.signal.aborted;
  const stopped = once(stop.signal, 'abort');
  const files = await watchChanges(options.infra);
  let declared = await readDeclared(options.infra);
  const runs = runPoller(new Date());
  const tell = reporter(out, options.json === true);
  const { connect, look, reread } = session(options, tell, runs);

  out.show(() => 'starting the local service');
  let connected = await connect(declared);
  const reconnect = async (): Promise<void> => {
    connected.stage.close();
    tell.say([{ event: 'service-ended' }]);
    connected = await connect(declared);
    tell.say([{ event: 'service-back' }]);
  };
  const turn = async (): Promise<void> => {
    if (connected.hold.lost) await reconnect();
    try {
      await look(declared, connected);
      if (await files.settled()) declared = await reread(declared, connected);
    } catch (thrown) {
      if (!(await isLost(connected))) throw thrown;
    }
  };

  try {
    tell.know(declared, connected.timetable);
    tell.say([{ event: 'began', jobCount: declared.jobs.length, data: options.data }]);
    tell.schedules(declared.jobs.map(({ name }) => name));
    out.show(() => tell.status(runs.open().length));
    while (!isStopped()) {
      await turn();
      await Promise.race([setTimeout(restMs), stopped]);
    }
    out.show();
    tell.say([{ event: 'stopped', open: runs.open() }]);
    return exitCodes.succeeded;
  } finally {
    out.show();
    connected.hold.close();
    connected.stage.close();
  }
};
