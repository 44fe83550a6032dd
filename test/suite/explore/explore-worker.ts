import { parentPort } from 'node:worker_threads';
import { traceOf } from './history.ts';
import { type Violation, violations } from './invariants.ts';
import type { Mutant } from './mutant/mutant.ts';
import { mutants } from './mutants.ts';
import { loadDefinition, loadProduct } from './product-bundle.ts';
import { openPlayer, type Played, type Player, playOf, search, type Task } from './search.ts';
import { readSchedule, replaying } from './strategy.ts';

/** An order to a worker: play a task of the search, or find a mutant. */
export type Order = { task: Task } | { mutant: string };
/** A schedule with violations and its trace. `alone`: fresh processes break an invariant too. */
export type Found = Pick<Played, 'job' | 'class' | 'seed' | 'decisions' | 'violations'> & {
  alone: boolean;
  trace: string[];
};
export type Report =
  | { task: Task; played: Omit<Played, 'seed' | 'violations'>[]; found: Found[] }
  | { mutant: string; schedules: number; found: { played: Played; others: string[] } | undefined };

/** Replays a schedule in fresh processes and returns its trace and violations. */
const again = async (
  player: Player,
  job: string,
  decisions: string,
): Promise<{ trace: string[]; broken: Violation[] }> => {
  const simulated = await player.play(playOf(job), replaying(readSchedule(decisions)), true);
  return { trace: traceOf(simulated.world.history), broken: violations(simulated) };
};

/** The most traces that a worker keeps for a task. */
const maxTraces = 3;

const explored = async (task: Task, player: Player): Promise<Report> => {
  const played: Extract<Report, { task: Task }>['played'] = [];
  const found: Found[] = [];
  for await (const each of search(task, player)) {
    const { seed, violations: wrong, ...rest } = each;
    const { job, class: kind, decisions } = rest;
    played.push(rest);
    if (wrong.length === 0) continue;
    const { trace, broken } =
      found.length < maxTraces ? await again(player, job, decisions) : { trace: [], broken: wrong };
    found.push({ job, class: kind, seed, decisions, violations: wrong, alone: broken.length > 0, trace });
  }
  return { task, played, found };
};

/** The search for a mutant: single decisions, random schedules, pairs of kills, more random schedules, core pairs. */
const hunt = ({ jobs }: Mutant): Task[] =>
  [
    { phase: 'one' } as const,
    { phase: 'seeds', from: 0, to: 200 } as const,
    { phase: 'two', choice: 'killed' } as const,
    { phase: 'seeds', from: 200, to: 500 } as const,
    { phase: 'two', choice: 'core' } as const,
  ].flatMap((phase) => jobs.map((job): Task => ({ job, part: 0, parts: 1, ...phase })));

const hunted = async (mutant: Mutant): Promise<Report> => {
  const player = openPlayer(await loadProduct(mutant.edits), await loadDefinition(mutant.edits));
  const others = new Set<string>();
  let schedules = 0;
  for (const task of hunt(mutant)) {
    for await (const played of search(task, player)) {
      schedules += 1;
      for (const { invariant } of played.violations) others.add(invariant);
      if (!played.violations.some(({ invariant }) => invariant === mutant.breaks)) continue;
      const { broken } = await again(player, played.job, played.decisions);
      if (!broken.some(({ invariant }) => invariant === mutant.breaks)) continue;
      return {
        mutant: mutant.name,
        schedules,
        found: { played, others: [...others].filter((each) => each !== mutant.breaks) },
      };
    }
  }
  return { mutant: mutant.name, schedules, found: undefined };
};

const product = { player: undefined as Player | undefined };

/** The unmodified product, bundled once in each worker. */
const real = async (): Promise<Player> => {
  product.player ??= openPlayer(await loadProduct(), await loadDefinition());
  return product.player;
};

const carriedOut = async (order: Order): Promise<Report> => {
  if ('task' in order) return explored(order.task, await real());
  const mutant = mutants.find(({ name }) => name === order.mutant);
  if (!mutant) throw new Error(`there is no mutant ${order.mutant}`);
  return hunted(mutant);
};

parentPort?.on('message', (order: Order) => {
  carriedOut(order).then(
    (report) => parentPort?.postMessage(report),
    (thrown: unknown) => {
      // Outside the promise the error reaches the pool, which fails the command.
      setImmediate(() => {
        throw thrown;
      });
    },
  );
});
