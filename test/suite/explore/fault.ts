import type { Kind } from './gate.ts';

/** What a fault does to the point it strikes: whether the thing is carried out all the same, and whether the process dies. */
type Fault = { carried: boolean; dies?: true };

const killed = { 'kill-before': { carried: false, dies: true }, 'kill-after': { carried: true, dies: true } } as const;

/** `lost` and `throttled` are seen by the SDK, which sends again; `gone` and `unavailable` are what is left when it gives up. */
const request = {
  ...killed,
  lost: { carried: true },
  throttled: { carried: false },
  gone: { carried: true },
  unavailable: { carried: false },
} as const;

/** Every fault, by what it strikes. */
const faults: Record<Kind, Record<string, Fault>> = {
  deliver: { late: { carried: true }, vanish: { carried: false } },
  enter: {},
  wait: {},
  invoke: { busy: { carried: false } },
  read: { ...killed, unavailable: { carried: false } },
  write: request,
  start: request,
  stop: request,
  model: {
    ...killed,
    ModelUnavailable: { carried: false },
    ModelThrottled: { carried: false },
    InvalidPrompt: { carried: false },
    Unauthorized: { carried: false },
    hang: { carried: false },
    empty: { carried: true },
    blank: { carried: true },
    cut: { carried: true },
  },
  act: {
    ...killed,
    refused: { carried: false },
    unreachable: { carried: false },
    interrupted: { carried: false },
    unseen: { carried: true },
    bug: { carried: true },
    hang: { carried: true },
  },
};

export const faultNames = (kind: Kind): string[] => Object.keys(faults[kind]);
export const faultOf = (kind: Kind, name: string): Fault | undefined =>
  Object.hasOwn(faults[kind], name) ? faults[kind][name] : undefined;

/** Until when a process that its caller has given up keeps still before it goes on. */
export const moments = ['now', 'claimed', 'settled', 'next'] as const;
export type Moment = (typeof moments)[number];

/** How a caller gives a process up that works on: Step Functions' own timeout, or a lost connection, after which it invokes again. */
export const zombies = { timeout: 'States.Timeout', client: 'Lambda.SdkClientException' } as const;

/** The class a decision counts under. */
export const classOf = (decision: string): string => {
  const [name = ''] = decision.split(/[@:]/);
  const found = Object.entries(classes).find(([, names]) => names.includes(name));
  if (!found) throw new Error(`no such decision: ${decision}`);
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
