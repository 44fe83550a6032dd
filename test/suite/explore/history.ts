import type { ModelReply, ModelRequest } from '../../../lib/agent/model.ts';
import type { Kind } from './gate.ts';
import type { Item } from './simulated-store.ts';

/** What happened, in order. Everything the checks know of a schedule is here. */
export type Event = { step: number; at: number } & (
  | {
      type: 'point';
      actor: string;
      kind: Kind;
      what: string;
      input: unknown;
      fault: string | undefined;
      /** Whether it was done in the world. */
      carried: boolean;
      output: unknown;
      error: string | undefined;
    }
  | {
      type: 'asked';
      actor: string;
      runId: string;
      attempt: number;
      request: ModelRequest;
      reply: ModelReply | undefined;
    }
  | { type: 'acted'; actor: string; runId: string; attempt: number; tool: string; input: string; output: string }
  | { type: 'wrote'; actor: string; before: Item | undefined; item: Item; condition: string | undefined }
  | { type: 'invoked'; actor: string; env: string; event: unknown }
  | { type: 'ended'; actor: string; how: 'returned' | 'threw' | 'died'; told: unknown }
  | { type: 'unheard'; actor: string; error: string }
  | { type: 'stray'; actor: string }
  | { type: 'told'; actor: string; what: string; detail: unknown }
  | { type: 'started'; run: string }
  | { type: 'entered'; run: string; state: string }
  | { type: 'closed'; run: string; status: string; error: string | undefined }
  | { type: 'world'; what: string }
);
export type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>;
type Bare<E> = E extends unknown ? Omit<E, 'step' | 'at'> : never;
/** An event without its step and instant, which the record adds. */
export type Happening = Bare<Event>;

const short = (value: unknown, most = 200): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > most ? `${text.slice(0, most)}…` : text;
};

const pointLine = ({ actor, what, fault, carried, error }: EventOf<'point'>): string =>
  [actor, what, fault && `— ${fault}${carried ? ', carried out' : ', not carried out'}`, error && `→ ${error}`]
    .filter(Boolean)
    .join('  ');

/** An event as a line of the trace. What a line would say twice is undefined. */
const lineOf = (event: Event): string | undefined => {
  switch (event.type) {
    case 'point':
      return pointLine(event);
    case 'invoked':
      return `${event.actor}  begins in ${event.env}  ${short(event.event)}`;
    case 'ended':
      return `${event.actor}  ${event.how}  ${short(event.told)}`;
    case 'unheard':
      return `${event.actor}  is given up by its caller (${event.error}) and works on`;
    case 'acted':
      return `${event.actor}  the world: ${event.tool} ${event.input} is done`;
    case 'stray':
      return `${event.actor}  does something outside any invocation`;
    case 'told':
      return `${event.actor}  tells: ${event.what} ${short(event.detail)}`;
    case 'started':
      return `${event.run}  execution begins`;
    case 'closed':
      return `${event.run}  execution ends: ${event.status} ${event.error ?? ''}`;
    case 'world':
      return `the world: ${event.what}`;
    default:
      return undefined;
  }
};

/** A history for people, one line a thing, each with its step. */
export const traceOf = (history: Event[]): string[] =>
  history.flatMap((event) => {
    const line = lineOf(event);
    return line ? [`${String(event.step).padStart(4)}  ${line}`] : [];
  });
