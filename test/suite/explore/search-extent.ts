import { plays } from './plays.ts';
import type { Choice, Task } from './search.ts';

/** The jobs, pairs of decisions and seeds that one exploration covers. */
export type Extent = { jobs: string[]; choices: (job: string) => Choice[]; seeds: number };

/** In CI all pairs of decisions are played on the smallest job, and the core pairs on the small one. */
const [smallest, small] = ['disabled', 'answer'];
const seedsAtOnce = 50;

/** Jobs with too many kill points for pairs of kills in CI. `--longer` covers them. */
const largest = [
  'queue',
  'cancel',
  'cancel-queued',
  'side-by-side',
  'breaker',
  'denied',
  'doubtful',
  'made-good',
  'reworded',
  'needed',
];

/** The extent in CI: single decisions on every job, pairs of kills on all but the largest, and random schedules. */
export const ofCi = (seeds: number): Extent => ({
  jobs: plays.map(({ name }) => name),
  choices: (job) => {
    if (job === smallest) return ['all'];
    if (job === small) return ['core'];
    return largest.includes(job) ? [] : ['killed'];
  },
  seeds,
});

/** The extent of `--longer`: pairs of kills and core pairs on every job, all pairs on the two small ones. */
export const ofLonger = (seeds: number): Extent => ({
  ...ofCi(seeds),
  choices: (job) => (job === smallest || job === small ? ['all'] : ['killed', 'core']),
});

/** Describes what an extent covers exhaustively. */
export const exhausted = ({ jobs, choices }: Extent): string[] => [
  `every single decision on ${jobs.join(', ')}`,
  ...(['all', 'killed', 'core'] as const).flatMap((choice) => {
    const chosen = jobs.filter((job) => choices(job).includes(choice));
    const what = {
      all: 'pair of decisions',
      killed: 'pair of kills',
      core: 'pair of core decisions (one of each kind of fault)',
    };
    return chosen.length > 0 ? [`every ${what[choice]} on ${chosen.join(', ')}`] : [];
  }),
];

const parted = (parts: number, task: Task): Task[] =>
  Array.from({ length: parts }, (_, part): Task => ({ ...task, part, parts }));

/** The tasks of a search. Long tasks come first, so that all workers finish at about the same time. */
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
