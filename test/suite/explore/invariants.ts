import { letIn } from './check/admission.ts';
import { cleanStart } from './check/clean-start.ts';
import { conditional } from './check/conditional-write.ts';
import { effectsSaid } from './check/effects-said.ts';
import { accounted } from './check/job-accounts.ts';
import { kept } from './check/nothing-lost.ts';
import { nothingOutlives } from './check/nothing-outlives.ts';
import { once } from './check/one-effect.ts';
import { oneOutcome } from './check/one-outcome.ts';
import { oneRun } from './check/one-run.ts';
import { ownKeys } from './check/own-keys.ts';
import { ends } from './check/run-end.ts';
import { reasons } from './check/skip-reason.ts';
import { validPrompt } from './check/valid-prompt.ts';
import { type Facts, factsOf } from './schedule-facts.ts';
import type { Simulated } from './simulation.ts';

/** The design's invariants by number, and by name the promises about every run and about the runs of a job together. */
export const invariants: Record<string, { says: string; broken(facts: Facts): string[] }> = {
  '1': { says: 'one slot, one run', broken: oneRun },
  '2': { says: 'one run, one outcome', broken: oneOutcome },
  '3': { says: 'a new attempt starts clean', broken: cleanStart },
  '4': { says: 'every committed prefix is a valid prompt', broken: validPrompt },
  '5': { says: 'no write is unconditional', broken: conditional },
  '6': { says: 'an effect happens at most once', broken: once },
  '7': { says: 'nothing acknowledged is lost', broken: kept },
  '8': { says: 'nothing outlives an invocation', broken: nothingOutlives },
  '9': { says: 'a success is whole, and an outcome says what became of each effect', broken: effectsSaid },
  'own keys': { says: 'an attempt and triage write no run and no state of a job', broken: ownKeys },
  accounted: { says: 'every run is counted once in the state of its job', broken: accounted },
  'let in': { says: 'a run starts only when its job allows it, and never works beside an earlier run', broken: letIn },
  reasons: { says: 'a slot is skipped only for a true reason', broken: reasons },
  ends: { says: 'every run ends, and fails only for a cause', broken: ends },
};

export type Violation = { invariant: string; what: string };

/** Every violation in a schedule. */
export const violations = (simulated: Simulated): Violation[] => {
  const { trouble } = simulated;
  if (trouble) return [{ invariant: 'ends', what: trouble }];
  const facts = factsOf(simulated);
  return Object.entries(invariants).flatMap(([invariant, { broken }]) =>
    [...new Set(broken(facts))].map((what) => ({ invariant, what })),
  );
};
