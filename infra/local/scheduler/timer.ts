import { randomUUID } from 'node:crypto';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { account, arnName, region, scheduleArn } from '../arn.ts';
import type { Clock } from './clock.ts';
import { firings, type Schedules, type Stored } from './schedules.ts';

/** A function that is invoked at the start, after a sleep, and then regularly: EventBridge's rule on a schedule. */
export type Rule = { function: string; everyMs: number };

/** An event of the timer. Instants are slots. `more`: there were more than were counted. */
export type TimerEvent =
  | { kind: 'fired'; schedule: string; function: string; slot: string }
  | { kind: 'passed-over'; schedule: string; count: number; more: boolean; first: string; last: string }
  | { kind: 'slept'; from: string; to: string };

export type Timer = {
  /** Fires the slots that are due from now on. */
  start(): void;
  /** Fires nothing until the next start, which passes over the slots due until then. */
  stop(): void;
  /** Has to be called after a schedule has changed. */
  changed(): void;
};

/** A slot that is later than this is left to the watchman, like a slot that Scheduler lost. */
const lateMs = 60_000;
/** The longest pause. JavaScript's timers stop while the machine sleeps, so a longer one could end late. */
const longestPauseMs = 15_000;
const mostCounted = 1000;

const slotOf = (instant: number): string => slotAt(new Date(instant));

/** The target's input with EventBridge's placeholders filled in. */
const inputOf = ({ name, settings }: Stored, slot: string): string => {
  const values: Record<string, string> = {
    'schedule-arn': scheduleArn(name),
    'scheduled-time': slot,
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  const { Input = '{}' } = settings.Target;
  return Input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (placeholder, key: string) => values[key] ?? placeholder);
};

/** EventBridge's event of a rule on a schedule. */
const scheduledEvent = (now: number) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account,
  time: slotOf(now),
  region,
  resources: [],
  detail: {},
});

/** The firings of a schedule up to and including an instant. */
function* firingsTo(schedule: Stored, after: number, to: number): Generator<number> {
  for (const instant of firings(schedule, after)) {
    if (instant > to) return;
    yield instant;
  }
}

/**
 * Fires each enabled schedule at its slots, at least once: the event is queued on disk before the slot is recorded as handled. A slot more
 * than a minute late is passed over and reported, never fired.
 */
export const openTimer = (
  schedules: Schedules,
  deps: {
    clock: Clock;
    rules: Rule[];
    enqueue(name: string, event: string): void;
    onEvent(event: TimerEvent): void;
    report(error: unknown): void;
  },
): Timer => {
  const { clock, enqueue, onEvent } = deps;
  const next = new WeakMap<Stored, number>();
  let disarm: (() => void) | undefined;
  let running = false;
  let lastTurnAt = 0;
  let wakesAt = Number.POSITIVE_INFINITY;
  let ruleDueAt = new Map<Rule, number>();

  const passOver = (schedule: Stored, to: number): Stored => {
    const passed = firingsTo(schedule, schedule.handledTo, to)
      .take(mostCounted + 1)
      .toArray();
    const [first] = passed;
    const last = passed.slice(0, mostCounted).at(-1);
    if (first === undefined || last === undefined) return schedule;
    const handled = { ...schedule, handledTo: to };
    schedules.write(handled);
    const count = Math.min(passed.length, mostCounted);
    const span = { first: slotOf(first), last: slotOf(last) };
    onEvent({ kind: 'passed-over', schedule: schedule.name, count, more: passed.length > mostCounted, ...span });
    return handled;
  };
  const fire = (schedule: Stored, instant: number): Stored => {
    const { name, settings } = schedule;
    const slot = slotOf(instant);
    const target = arnName(settings.Target.Arn);
    enqueue(target, inputOf(schedule, slot));
    const handled = { ...schedule, handledTo: instant };
    const over = settings.ActionAfterCompletion === 'DELETE' && firings(handled, instant).next().done === true;
    if (over) schedules.remove(name);
    else schedules.write(handled);
    onEvent({ kind: 'fired', schedule: name, function: target, slot });
    return handled;
  };
  const handle = (schedule: Stored, now: number): void => {
    if (schedule.settings.State !== 'ENABLED' || nextOf(schedule) > now) return;
    let handled = passOver(schedule, now - lateMs - 1);
    for (const instant of firingsTo(handled, handled.handledTo, now)) handled = fire(handled, instant);
  };
  const nextOf = (schedule: Stored): number => {
    const instant =
      next.get(schedule) ?? firings(schedule, schedule.handledTo).next().value ?? Number.POSITIVE_INFINITY;
    next.set(schedule, instant);
    return instant;
  };

  const applyRules = (now: number): void => {
    for (const rule of deps.rules) {
      const due = ruleDueAt.get(rule) ?? now;
      if (due > now && due - now <= rule.everyMs) continue;
      ruleDueAt.set(rule, now + rule.everyMs);
      enqueue(rule.function, JSON.stringify(scheduledEvent(now)));
    }
  };
  const noticeSleep = (now: number): void => {
    if (now - wakesAt <= lateMs) return;
    onEvent({ kind: 'slept', from: slotOf(lastTurnAt), to: slotOf(now) });
    ruleDueAt = new Map();
  };
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (thrown) {
      deps.report(thrown);
    }
  };
  /** Arms the next wake. A slot that could not be fired is due in the past, and is tried again after the pause. */
  const arm = (now: number): void => {
    const enabled = schedules.all().filter(({ settings }) => settings.State === 'ENABLED');
    const due = [...enabled.map(nextOf), ...ruleDueAt.values()].filter((instant) => instant > now);
    wakesAt = Math.min(now + longestPauseMs, ...due);
    disarm?.();
    disarm = clock.wake(wakesAt - now, turn);
  };
  const turn = (): void => {
    if (!running) return;
    const now = clock.now();
    noticeSleep(now);
    lastTurnAt = now;
    for (const schedule of schedules.all()) attempt(() => handle(schedule, now));
    attempt(() => applyRules(now));
    arm(now);
  };

  return {
    start() {
      if (running) return;
      running = true;
      wakesAt = Number.POSITIVE_INFINITY;
      ruleDueAt = new Map();
      turn();
    },
    stop() {
      running = false;
      disarm?.();
    },
    changed: turn,
  };
};
