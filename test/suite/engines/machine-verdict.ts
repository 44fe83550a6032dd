import { expect } from 'vitest';
import type { Known } from './machine-engine.ts';
import type { Standing } from './machine-play.ts';
import type { Scenario } from './machine-scenarios.ts';

const secondsIn = ({ entered }: Standing, state: string): number => {
  const at = entered.findIndex((entry) => entry.state === state);
  return ((entered[at + 1]?.atMs ?? Number.NaN) - (entered[at]?.atMs ?? Number.NaN)) / 1000;
};

/** What an execution ends with: the settled failure, the error nobody caught, or what it was stopped with. */
const expectedEnd = ({ ends, error, aborted }: Scenario, { run }: Standing, known: Known) => {
  if (aborted) return known.tellsWhyStopped ? { error: 'Enough', cause: 'asked to' } : {};
  if (error !== undefined) return { error: known.called(error) };
  if (ends === 'FAILED' && run.outcome?.status === 'failed')
    return { error: run.outcome.failure, cause: run.outcome.message };
  return { error: undefined };
};

/** Holds how a scenario stands on an engine against what is expected of every engine. */
export const judge = (at: Standing, scenario: Scenario, known: Known): void => {
  const { states, invoked, ends, outcome, diedOf, waits } = scenario;
  expect(at.entered.map(({ state }) => state)).toEqual(['Spread', ...states]);
  expect(at.invoked.map(({ stage }) => stage)).toEqual(invoked);
  expect(at.run.outcome).toMatchObject(outcome);
  expect(at.ended).toMatchObject({ status: ends, ...expectedEnd(scenario, at, known) });
  if (diedOf) expect(at.failed[0]).toBe(`the attempt died: ${known.called(diedOf)}`);
  // A clock that reads milliseconds and a timer that counts them may be some apart.
  if (waits) expect(secondsIn(at, 'Backoff')).toBeGreaterThan(waits - 0.1);
};

/** Whether an engine can play a scenario so that it stands as on the others. */
export const comparable = ({ ends, aborted }: Scenario, { endsOvertime, stops }: Known): boolean =>
  (endsOvertime || ends !== 'TIMED_OUT') && (stops === 'at once' || !aborted);

/** How a scenario stands, without what differs from run to run or, by name, from engine to engine: what every stage was told, and the outcome. */
export const essence = ({ run, invoked, failed }: Standing, { name }: Scenario): unknown => {
  const told = invoked.map(({ stage, event }) => ({ stage, event }));
  const outcome = { ...run.outcome, endedAt: '', message: '' };
  const text = JSON.stringify({ told, outcome, attempts: failed.length });
  return JSON.parse(text.replaceAll(run.id, name), (key, value) => (key === 'Error' || key === 'Cause' ? key : value));
};
