import * as z from 'zod';
import { tool } from '../agent/tool.ts';

/** Returns the result of the job's last successful run. */
export default tool({
  description:
    "Returns this job's last successful run before the current one as {run, slot, result}, or a sentence if there is none. It searches the last 200 runs. " +
    'Use it to find what changed since then.',
  input: z.strictObject({}),
  effect: 'none',
  outside: true,
  run: async (_, { job, slot, pastRuns }) => {
    const previous = await pastRuns.previousResult({ job: job.name, before: slot });
    if (!previous) return 'This job has not succeeded before: there is no previous result.';
    return { run: previous.run.id, slot: previous.run.slot, result: previous.result };
  },
});
