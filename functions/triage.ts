import { lambda, service } from '../lib/io/aws/lambda.ts';
import { TriageInput, triage } from '../lib/lifecycle/triage.ts';

const { now, stores, observe } = service();

/** Closes a failed attempt and decides what follows. */
export const handler = lambda(TriageInput, (input) =>
  triage(input, { stores, now, random: Math.random, closed: observe.closed }),
);
