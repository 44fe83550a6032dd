import type { Kind } from './gate.ts';

/** The effect of a fault on a request: whether the request is still performed, and whether the process dies. */
type Fault = { performed: boolean; dies?: true };

const killed = {
  'kill-before': { performed: false, dies: true },
  'kill-after': { performed: true, dies: true },
} as const;

/** The SDK retries `lost` and `throttled` requests. `gone` and `unavailable` are requests that failed after all retries. */
const request = {
  ...killed,
  lost: { performed: true },
  throttled: { performed: false },
  gone: { performed: true },
  unavailable: { performed: false },
} as const;

/** Every fault, by the kind of request it hits. */
const faults: Record<Kind, Record<string, Fault>> = {
  deliver: { late: { performed: true }, vanish: { performed: false } },
  enter: {},
  wait: {},
  invoke: { busy: { performed: false } },
  read: { ...killed, unavailable: { performed: false } },
  write: request,
  start: request,
  stop: request,
  model: {
    ...killed,
    ModelUnavailable: { performed: false },
    ModelThrottled: { performed: false },
    InvalidPrompt: { performed: false },
    Unauthorized: { performed: false },
    hang: { performed: false },
    empty: { performed: true },
    blank: { performed: true },
    cut: { performed: true },
  },
  act: {
    ...killed,
    refused: { performed: false },
    unreachable: { performed: false },
    interrupted: { performed: false },
    unseen: { performed: true },
    bug: { performed: true },
    hang: { performed: true },
  },
};

export const faultNames = (kind: Kind): string[] => Object.keys(faults[kind]);
export const faultOf = (kind: Kind, name: string): Fault | undefined =>
  Object.hasOwn(faults[kind], name) ? faults[kind][name] : undefined;

/** Moments at which an abandoned process moves again. */
export const moments = ['now', 'claimed', 'settled', 'next'] as const;
export type Moment = (typeof moments)[number];

/** Errors with which Step Functions abandons a working process: its timeout, or a lost connection after which it invokes again. */
export const zombies = { timeout: 'States.Timeout', client: 'Lambda.SdkClientException' } as const;

/** The class under which the report counts a decision. */
export const classOf = (decision: string): string => {
  const [name = ''] = decision.split(/[@:]/);
  const found = Object.entries(classes).find(([, names]) => names.includes(name));
  if (!found) throw new Error(`there is no decision ${decision}`);
  return found[0];
};

const classes: Record<string, string[]> = {
  killed: ['kill-before', 'kill-after'],
  'lost or throttled': ['lost', 'throttled', 'gone', 'unavailable', 'busy'],
  provider: ['ModelUnavailable', 'ModelThrottled', 'InvalidPrompt', 'Unauthorized', 'hang', 'empty', 'blank', 'cut'],
  tool: ['refused', 'unreachable', 'interrupted', 'unseen', 'bug'],
  zombie: ['timeout', 'client'],
  delivery: ['again', 'next', 'late', 'vanish', 'event', 'watch'],
  execution: ['abort', 'expire', 'redrive'],
  order: ['order'],
};
export const classNames = Object.keys(classes);
