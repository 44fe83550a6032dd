import type { PastRuns } from '../../agent/past-runs.ts';
import { textOf } from '../../run/message.ts';
import { resultReader } from '../../run/result.ts';
import type { Run } from '../../run/run.ts';
import { sessionKey } from '../../run/session.ts';
import { slotAt } from '../../schedule/slot.ts';
import type { Stores } from './stores.ts';

const dayMs = 86_400_000;
/** How many of a job's runs are searched for its last success. */
const maxRunsRead = 200;

/** Past runs, read from the stores. Days count back from `now`. */
export const storedPastRuns = ({ runs, sessions }: Stores, now: () => Date): PastRuns => ({
  async runs({ job, days, limit }) {
    const from = slotAt(new Date(now().getTime() - days * dayMs));
    if (job) return runs.byJob(job, { from, limit });
    const recent: Run[] = [];
    for (let back = 0; back <= days && recent.length < limit; back++) {
      recent.push(...(await runs.byDay(new Date(now().getTime() - back * dayMs).toJSON().slice(0, 10))));
    }
    return recent.filter((run) => run.slot >= from).slice(0, limit);
  },

  async previousResult({ job, before }) {
    const past = await runs.byJob(job, { to: before, limit: maxRunsRead });
    for (const run of past) {
      if (run.outcome?.status !== 'succeeded' || run.forgotten || run.slot >= before) continue;
      const lastStep = (await sessions.load(sessionKey(run.id, run.outcome.attempts))).at(-1);
      if (!lastStep) continue;
      const result = (await resultReader(run.job.result))(textOf(lastStep.messages[0]));
      return { run, result: 'value' in result ? result.value : textOf(lastStep.messages[0]) };
    }
    return undefined;
  },
});
