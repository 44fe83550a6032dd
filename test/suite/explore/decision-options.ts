import { faultNames, moments, zombies } from './fault.ts';
import type { Point } from './gate.ts';
import type { Execution } from './simulated-executions.ts';
import type { Process } from './simulated-lambda.ts';
import type { Letter } from './simulated-queue.ts';
import type { World } from './simulated-service.ts';

const maxOrders = 2;

export const isProcess = (actor: object): actor is Process => 'fn' in actor;
export const running = ({ executions }: World): Execution | undefined =>
  [...executions.all.values()].find(({ status }) => status === 'RUNNING');
export const failed = ({ executions }: World): Execution | undefined =>
  [...executions.all.values()].find(({ status }) => status !== 'RUNNING' && status !== 'SUCCEEDED');

const zombieOptions = (process: Process, world: World): string[] => {
  if (!process.byMachine || !process.respond) return [];
  const hows = process.fn === 'attempt' ? Object.keys(zombies) : ['timeout'];
  return hows.flatMap((how) =>
    moments.filter((moment) => moment !== 'next' || !world.slots.has(1)).map((moment) => `${how}@${moment}`),
  );
};

/** Whether no execution and no process runs. Only then may hours pass. */
const isAtRest = (world: World): boolean =>
  !running(world) && world.lambda.processes.every(({ state }) => state !== 'running');

/** Whether the watchman makes up for this event if it is lost: an execution's end, or a due slot of an enabled job. */
const isRecoverable = ({ input }: Point, { play }: World): boolean => {
  const { fn, slot = 0 } = input as Letter;
  const isDue = play.job.enabled !== false && slot < play.usual.length;
  return fn === 'settle' || (fn === 'dispatch' && isDue);
};

const faultsAt = (point: Point, world: World): string[] =>
  faultNames(point.kind).filter(
    (name) => (name !== 'late' || isAtRest(world)) && (name !== 'vanish' || isRecoverable(point, world)),
  );

const deliveries = ({ slots, play }: World): string[] => {
  const last = Math.max(...slots.keys());
  return ['again', ...(last > 0 ? [`again:${last}`] : []), ...(play.cues || slots.has(1) ? [] : ['next'])];
};

/** Every decision that is possible now. */
export const optionsAt = (world: World, candidates: Point[]): string[] => {
  const [first] = candidates;
  const orders = candidates.slice(1, 1 + maxOrders).map((_, at) => `order:${at + 1}`);
  const faults = first ? faultsAt(first, world) : [];
  const zombie = first && isProcess(first.actor) ? zombieOptions(first.actor, world) : [];
  const executions = running(world) ? ['abort', 'abort@settled', 'expire', 'expire@settled'] : [];
  const over = failed(world) ? ['event', 'redrive'] : [];
  return [...faults, ...zombie, ...orders, ...deliveries(world), 'watch', ...executions, ...over];
};
