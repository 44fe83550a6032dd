import { random } from '../../kit/random.ts';
import type { Decisions, Strategy } from './simulation.ts';

/** Formats decisions for --replay, such as `12=kill-after,30=again`. Empty for a schedule without decisions. */
export const scheduleText = (decisions: Decisions): string =>
  [...decisions].map(([step, decision]) => `${step}=${decision}`).join(',');

/** Parses the format of scheduleText. Throws for any other text. */
export const readSchedule = (text: string): Decisions =>
  new Map(
    text.split(',').flatMap((part) => {
      const [, step, decision] = /^(\d+)=(.+)$/.exec(part.trim()) ?? [];
      if (step === undefined || decision === undefined) {
        if (part.trim() === '') return [];
        throw new Error(`found "${part}", expected <step>=<decision>`);
      }
      return [[Number(step), decision] as const];
    }),
  );

/** Takes exactly these decisions. */
export const replaying =
  (decisions: Decisions): Strategy =>
  (step) =>
    decisions.get(step);

/** A random schedule takes no decision after this step, so that it ends. */
const horizon = 80;

/** Takes random decisions: a few faults at any step, and in half of the seeds a random order of the waiting actors. */
export const seeded = (seed: number): Strategy => {
  const next = random(seed);
  const [faults, orders] = [next() * 0.15, next() < 0.5 ? next() * 0.6 : 0];
  return (step, options) => {
    if (step > horizon) return undefined;
    const turns = options.filter((option) => option.startsWith('order:'));
    const others = options.filter((option) => !option.startsWith('order:'));
    const [fault, order, which] = [next(), next(), next()];
    if (fault < faults) return others[Math.floor(which * others.length)];
    return order < orders ? turns[Math.floor(which * turns.length)] : undefined;
  };
};
