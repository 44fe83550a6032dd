import type { ModelReply, ModelRequest } from '../../../lib/agent/model.ts';
import type { Kind } from './gate.ts';
import type { Item } from './simulated-store.ts';

/** An event of a schedule. The checks read nothing but these events and the stored items. */
export type Event = { step: number; at: number } & (
  | {
      type: 'point';
      actor: string;
      kind: Kind;
      what: string;
      input: unknown;
      fault: string | undefined;
      /** Whether the request took effect. */
      performed: boolean;
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
  | { type: 'ended'; actor: string; how: 'returned' | 'threw' | 'died'; result: unknown }
  | { type: 'abandoned'; actor: string; error: string }
  | { type: 'stray'; actor: string }
  | { type: 'observed'; actor: string; what: string; detail: unknown }
  | { type: 'started'; run: string }
  | { type: 'entered'; run: string; state: string }
  | { type: 'closed'; run: string; status: string; error: string | undefined }
  | { type: 'world'; what: string }
);
export type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>;
type Bare<E> = E extends unknown ? Omit<E, 'step' | 'at'> : never;
/** An event before the history adds its step and instant. */
export type NewEvent = Bare<Event>;

const short = (value: unknown, most = 200): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > most ? `${text.slice(0, most)}…` : text;
};

const pointLine = ({ actor, what, fault, performed, error }: EventOf<'point'>): string =>
  [actor, what, fault && `— ${fault}${performed ? ', performed' : ', not performed'}`, error && `→ ${error}`]
    .filter(Boolean)
    .join('  ');

/** An event as a line of the trace, or undefined where another line shows it already. */
const lineOf = (event: Event): string | undefined => {
  switch (event.type) {
    case 'point':
      return pointLine(event);
    case 'invoked':
      return `${event.actor}  begins in ${event.env}  ${short(event.event)}`;
    case 'ended':
      return `${event.actor}  ${event.how}  ${short(event.result)}`;
    case 'abandoned':
      return `${event.actor}  its caller gives up (${event.error}) and the process works on`;
    case 'acted':
      return `${event.actor}  effect: ${event.tool} ${event.input} took place`;
    case 'stray':
      return `${event.actor}  acts outside any invocation`;
    case 'observed':
      return `${event.actor}  reports: ${event.what} ${short(event.detail)}`;
    case 'started':
      return `${event.run}  execution starts`;
    case 'closed':
      return `${event.run}  execution ends: ${event.status} ${event.error ?? ''}`;
    case 'world':
      return `world: ${event.what}`;
    default:
      return undefined;
  }
};

/** A history as lines of text, each with its step. */
export const traceOf = (history: Event[]): string[] =>
  history.flatMap((event) => {
    const line = lineOf(event);
    return line ? [`${String(event.step).padStart(4)}  ${line}`] : [];
  });
