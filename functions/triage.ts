import { lambda, service } from '../lib/io/aws/lambda.ts';
import { TriageInput, triage } from '../lib/lifecycle/triage.ts';

const { now, stores, observer } = service();

/** Closes a failed attempt, and decides whether another one follows. */
export const handler = lambda(TriageInput, (input) => triage(input, { stores, now, random: Math.random, observer }));
