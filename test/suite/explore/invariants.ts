import { letIn } from './check/admission.ts';
import { cleanStart } from './check/clean-start.ts';
import { conditional } from './check/conditional-write.ts';
import { accounted } from './check/job-accounts.ts';
import { kept } from './check/nothing-lost.ts';
import { nothingOutlives } from './check/nothing-outlives.ts';
import { once } from './check/one-effect.ts';
import { oneOutcome } from './check/one-outcome.ts';
import { oneRun } from './check/one-run.ts';
import { ends } from './check/run-end.ts';
import { reasons } from './check/skip-reason.ts';
import { validPrompt } from './check/valid-prompt.ts';
import { type Facts, factsOf } from './schedule-facts.ts';
import type { Simulated } from './simulation.ts';

/** The invariants of DESIGN.md by number, and by name what is promised of every run and of a job's runs together. */
export const invariants: Record<string, { says: string; broken(facts: Facts): string[] }> = {
  '1': { says: 'one slot, one run', broken: oneRun },
  '2': { says: 'one run, one outcome', broken: oneOutcome },
  '3': { says: 'a new attempt starts clean', broken: cleanStart },
  '4': { says: 'every committed prefix is a valid prompt', broken: validPrompt },
  '5': { says: 'no write is unconditional', broken: conditional },
  '6': { says: 'an effect happens at most once', broken: once },
  '7': { says: 'nothing acknowledged is lost', broken: kept },
  '8': { says: 'nothing outlives an invocation', broken: nothingOutlives },
  accounted: { says: 'every run is accounted for once', broken: accounted },
  'let in': { says: 'a run starts where its job lets it, and works while no earlier one does', broken: letIn },
  reasons: { says: 'a slot is skipped only for a reason that was so', broken: reasons },
  ends: { says: 'every run ends, and fails only for a reason', broken: ends },
};

export type Violation = { invariant: string; what: string };

/** Everything that is wrong with a schedule. */
export const violations = (simulated: Simulated): Violation[] => {
  const { trouble } = simulated;
  if (trouble) return [{ invariant: 'ends', what: trouble }];
  const facts = factsOf(simulated);
  return Object.entries(invariants).flatMap(([invariant, { broken }]) =>
    [...new Set(broken(facts))].map((what) => ({ invariant, what })),
  );
};
