import { traceOf } from './history.ts';
import { invariants, violations } from './invariants.ts';
import { mutants } from './mutants.ts';
import { loadDefinition, loadProduct } from './product-bundle.ts';
import { openPlayer, playOf } from './search.ts';
import { readSchedule, replaying, scheduleText, seeded } from './strategy.ts';

type Wanted = {
  job: string | undefined;
  seed: string | undefined;
  decisions: string | undefined;
  mutant: string | undefined;
};

/** Plays one schedule in fresh processes and prints its trace and violations. Returns whether every invariant held. */
export const replay = async (
  { job = '', seed, decisions = '', mutant }: Wanted,
  print: (line: string) => void,
): Promise<boolean> => {
  const play = playOf(job);
  const edits = mutant === undefined ? [] : mutants.find(({ name }) => name === mutant)?.edits;
  if (!edits)
    throw new Error(`there is no mutant ${mutant}; the mutants are ${mutants.map(({ name }) => name).join('; ')}`);
  const player = openPlayer(await loadProduct(edits), await loadDefinition(edits));
  const strategy = seed === undefined ? replaying(readSchedule(decisions)) : seeded(Number(seed));
  const simulated = await player.play(play, strategy, true);
  const broken = violations(simulated);
  for (const line of traceOf(simulated.world.history)) print(line);
  print(`\ndecisions: ${scheduleText(simulated.decisions) || 'none'}`);
  for (const { invariant, what } of broken)
    print(`violation of ${invariant} (${invariants[invariant]?.says}): ${what}`);
  if (broken.length === 0) print('every invariant holds');
  return broken.length === 0;
};
