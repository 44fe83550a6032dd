import type { PastRuns } from '../../agent/past-runs.ts';
import { textOf } from '../../run/message.ts';
import { resultReader } from '../../run/result.ts';
import type { Run } from '../../run/run.ts';
import { sessionKey } from '../../run/session.ts';
import { slotAt } from '../../schedule/slot.ts';
import type { Stores } from './stores.ts';

const dayMs = 86_400_000;
/** How many of a job's runs are looked through for its last success. */
const maxRunsRead = 200;

/** The ledger, read from the stores. `now` bounds how far back it looks. */
export const storedPastRuns = ({ runs, sessions }: Stores, now: () => Date): PastRuns => ({
  async runs({ job, days, limit }) {
    const from = slotAt(new Date(now().getTime() - days * dayMs));
    if (job) return runs.byJob(job, { from, limit });
    const found: Run[] = [];
    for (let back = 0; back <= days && found.length < limit; back++) {
      found.push(...(await runs.byDay(new Date(now().getTime() - back * dayMs).toJSON().slice(0, 10))));
    }
    return found.filter((run) => run.slot >= from).slice(0, limit);
  },

  async previousResult({ job, before }) {
    const past = await runs.byJob(job, { to: before, limit: maxRunsRead });
    for (const run of past) {
      if (run.outcome?.status !== 'succeeded' || run.slot >= before) continue;
      const answer = (await sessions.load(sessionKey(run.id, run.outcome.attempts))).at(-1);
      if (!answer) continue;
      const result = (await resultReader(run.job.result))(textOf(answer.messages[0]));
      return { run, result: 'value' in result ? result.value : textOf(answer.messages[0]) };
    }
    return undefined;
  },
});
