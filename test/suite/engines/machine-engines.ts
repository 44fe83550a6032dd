import type { Known, StartEngine } from './machine-engine.ts';
import { startLocal } from './machine-local.ts';
import { startMiniStackMachine } from './machine-ministack.ts';
import { startMotoMachine } from './machine-moto.ts';

const itself = (name: string): string => name;

/** The engines, and what is known of each. */
export const engines: Record<string, { start: StartEngine; known: Known }> = {
  'the local engine': {
    start: startLocal,
    known: {
      called: itself,
      equalStart: 'found',
      stops: 'at once',
      tellsWhyStopped: true,
      endsOvertime: true,
      redrive: 'UnknownOperationException',
    },
  },
  MiniStack: {
    start: startMiniStackMachine,
    known: {
      // Its Step Functions names its own errors right; whatever a function throws or dies of is called one thing.
      called: (name) => (name.startsWith('States.') ? name : 'Runtime.HandlerError'),
      equalStart: 'refused',
      stops: 'at once',
      tellsWhyStopped: true,
      endsOvertime: false,
      redrive: 'InvalidAction',
    },
  },
  moto: {
    start: startMotoMachine,
    known: {
      called: itself,
      equalStart: 'found',
      stops: 'after its task',
      tellsWhyStopped: false,
      endsOvertime: true,
      redrive: 'SyntaxError', // it answers with a page of HTML, which the SDK cannot read
    },
  },
};
