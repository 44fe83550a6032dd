import type { Damage } from '../../../lib/io/store/damages.ts';
import type { Job } from '../../../lib/job/job.ts';
import type { Run } from '../../../lib/run/run.ts';
import { salvagedCheckpoint } from '../../../lib/watch/salvaged-checkpoint.ts';
import { salvagedState } from '../../../lib/watch/salvaged-state.ts';
import type { Client } from '../client/client.ts';
import { findJobAt } from '../client/find-job.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson, RepairJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';

export type RepairOptions = Target & { infra: string; dryRun?: boolean; json?: boolean };

type Repaired = RepairJson['items'][number];

/** How many of a job's runs tell what the damaged item said. */
const mostRuns = 500;

const salvaged = ({ item, data, version }: Damage, job: Job, runs: Run[], now: Date) =>
  item === 'state'
    ? salvagedState(data, { job: job.name, runs, now, version })
    : salvagedCheckpoint(data, { job, runs, now, version });

const repaired = async (job: Job, { dryRun = false }: RepairOptions, client: Client): Promise<Repaired[]> => {
  const found = await client.damages.ofJob(job.name);
  const runs = found.length > 0 ? await client.stores.runs.byJob(job.name, { limit: mostRuns }) : [];
  const items: Repaired[] = [];
  for (const damage of found) {
    const made = salvaged(damage, job, runs, new Date());
    const kept = dryRun ? null : await client.damages.replace(damage, made);
    items.push({ item: damage.item, problem: damage.problem, lost: made.lost, kept });
  }
  return items;
};

const sentences = ({ item, problem, lost, kept }: Repaired): string[] => [
  `${item}: ${problem}`,
  lost.length > 0 ? `  made anew from the job's runs: ${lost.join(', ')}` : '  every field can be read',
  kept === null ? '  nothing was changed (--dry-run)' : `  mended; the damaged item is kept as ${kept}`,
];

/**
 * Finds the items of a job that cannot be read, its state and its checkpoint, and replaces each by what can be read of it and what the job's runs tell.
 * The damaged item is kept. Throws UnknownJob, and JobConflict where another process changed the item meanwhile.
 */
export const repair = async (name: string, options: RepairOptions, out: Terminal): Promise<number> => {
  const { job } = await findJobAt(name, options);
  const items = (await reading(options, (client) => repaired(job, options, client))) ?? [];
  if (options.json) out.say(json({ job: name, items } satisfies CommandJson['repair']));
  else if (items.length === 0) out.say(`Nothing of ${name} is damaged.`);
  else for (const sentence of items.flatMap(sentences)) out.say(sentence);
  return exitCodes.succeeded;
};
