import { plays } from './plays.ts';
import type { Choice, Task } from './search.ts';

/** How much is explored. */
export type Extent = { jobs: string[]; choices: (job: string) => Choice[]; seeds: number };

/** The job on which every two decisions fit in a CI run, and the one on which two of one of each way to go wrong do. */
const [smallest, small] = ['disabled', 'answer'];
const seedsAtOnce = 50;

/** Jobs whose runs have so many places to be killed at that any two of them are left to the longer run. */
const largest = ['queue', 'cancel', 'cancel-queued', 'side-by-side', 'breaker'];

/** What CI explores: one decision everywhere, two kills on all but the largest jobs, any two on the smallest, and chance. */
export const ofCi = (seeds: number): Extent => ({
  jobs: plays.map(({ name }) => name),
  choices: (job) => {
    if (job === smallest) return ['all'];
    if (job === small) return ['core'];
    return largest.includes(job) ? [] : ['killed'];
  },
  seeds,
});

/** A longer run: two kills, and any two of one of each way to go wrong, on every job; any two at all on the small ones. */
export const ofLonger = (seeds: number): Extent => ({
  ...ofCi(seeds),
  choices: (job) => (job === smallest || job === small ? ['all'] : ['killed', 'core']),
});

/** What is exhausted by it, in words. */
export const exhausted = ({ jobs, choices }: Extent): string[] => [
  `every single decision on ${jobs.join(', ')}`,
  ...(['all', 'killed', 'core'] as const).flatMap((choice) => {
    const chosen = jobs.filter((job) => choices(job).includes(choice));
    const what = { all: 'two decisions of any kind', killed: 'two kills', core: 'two of one of each way to go wrong' };
    return chosen.length > 0 ? [`every ${what[choice]} on ${chosen.join(', ')}`] : [];
  }),
];

const parted = (parts: number, task: Task): Task[] =>
  Array.from({ length: parts }, (_, part): Task => ({ ...task, part, parts }));

/** The parts of the search, the long ones first, so that no worker is left with one at the end. */
export const tasksOf = ({ jobs, choices, seeds }: Extent): Task[] => {
  const whole = { part: 0, parts: 1 };
  const one = jobs.flatMap((job) => parted(2, { job, phase: 'one', ...whole }));
  const two = jobs.flatMap((job) =>
    choices(job).flatMap((choice) => parted(choice === 'killed' ? 4 : 16, { job, phase: 'two', choice, ...whole })),
  );
  const starts = Array.from({ length: Math.ceil(seeds / seedsAtOnce) }, (_, at) => at * seedsAtOnce);
  const random = jobs.flatMap((job) =>
    starts.map((from): Task => ({ job, phase: 'seeds', from, to: Math.min(seeds, from + seedsAtOnce), ...whole })),
  );
  return [...two, ...one, ...random];
};
