import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as z from 'zod';
import { Failure } from '../failure.ts';

/** A call that certainly was not made, and whose seat another call has taken. */
const Unseated = z.strictObject({
  key: z.string(),
  attempt: z.int().positive(),
  step: z.int().positive().optional(),
  place: z.string().nullable().optional(),
  output: z.string().nullable(),
});

/**
 * A call that changes the world. `pending`: recorded, and perhaps made. `done`: made, with its output. `undone`: certainly not made, so
 * it may be tried again. `unknown`: sent, and it may have happened. A call that stays `pending` is unknown too.
 */
export const Effect = z.strictObject({
  runId: z.string(),
  key: z.string(),
  tool: z.string(),
  attempt: z.int().positive(),
  status: z.enum(['pending', 'done', 'undone', 'unknown']),
  output: z.string().nullable(),
  version: z.int().positive(),
  /** Where the call goes, as its tool names it: '' if its tool has one place only, null if the arguments name none. Absent in earlier versions. */
  place: z.string().nullable().optional(),
  /** The step of its attempt that makes the call. Absent in earlier versions. */
  step: z.int().positive().optional(),
  /** Of a tool with a limit: the seat that the call takes. There are as many seats as calls allowed. */
  seat: z.int().positive().optional(),
  /** Calls that had this seat before. The latest stay. */
  before: z.array(Unseated).optional(),
});
export type Effect = z.infer<typeof Effect>;

/** What identifies an effect in its run: its seat where it has one, else its key. */
export const effectId = ({ key, tool, seat }: Pick<Effect, 'key' | 'tool' | 'seat'>): string =>
  seat === undefined ? key : `${tool}.${String(seat).padStart(3, '0')}`;

/** An effect as a list shows it: without its output, except the reason of one that is not done. */
export type EffectRecord = Pick<Effect, 'key' | 'tool' | 'attempt' | 'status' | 'place' | 'step'> & {
  reason: string | null;
};

/** The effects of the service. */
export type Effects = {
  /** The effect, read consistently, or undefined. `id` is that of `effectId`. */
  get(runId: string, id: string): Promise<Effect | undefined>;
  /** Creates version 1 where there is none, or replaces the version before. Otherwise throws EffectConflict. */
  put(effect: Effect): Promise<void>;
  /** The taken seats of a tool in a run, read consistently. */
  seats(runId: string, tool: string): Promise<Effect[]>;
  /** Every effect of a run, read consistently, in no order. A damaged item is an unknown effect of the tool `damaged`. */
  list(runId: string): Promise<EffectRecord[]>;
};

/** JSON as text with its keys in a fixed order (RFC 8785), so that equal values give equal texts. */
export const canonical = (json: unknown): string => canonicalize(json) ?? 'null';

/**
 * A call's identity in its run, the same when a later attempt repeats it. `occurrence` counts equal calls of one attempt from 1, so that
 * a model can make the same call twice on purpose.
 */
export const effectKey = (call: { runId: string; tool: string; input: unknown; occurrence: number }): string =>
  createHash('sha256')
    .update(canonical([call.runId, call.tool, call.input, call.occurrence]))
    .digest('base64url');

export type Identity = Pick<Effect, 'runId' | 'key' | 'tool' | 'attempt' | 'place' | 'step'>;

/** How the call went, as the tool reports it. */
export type Act = { happened: 'yes' | 'no' | 'unknown'; output: string };

/** How a call ended. `recorded`: it is an earlier call's end. `over limit`: it was not made, since every seat is taken. */
export type Ended = { happened: Act['happened'] | 'over limit'; output: string; recorded: boolean };

/**
 * Makes a call at most once a run: records it, makes it, then records its end. A later attempt gets the recorded output. A call without a
 * recorded end is `unknown`, and never made again. With a `limit`, at most so many calls of the tool in a run are done or may have happened,
 * whatever their arguments, attempts and processes. Throws EffectConflict after too many lost races for a seat.
 */
export const once = async (
  effect: Identity,
  act: () => Promise<Act>,
  effects: Effects,
  limit?: number,
): Promise<Ended> => {
  const claimed = limit === undefined ? await claim(effect, effects) : await claimSeat(effect, effects, limit);
  if (claimed === 'over limit') return { happened: claimed, output: '', recorded: false };
  if ('happened' in claimed) return { ...claimed, recorded: true };
  const done = await act();
  const status = { yes: 'done', no: 'undone', unknown: 'unknown' } as const;
  await effects.put({
    ...claimed,
    status: status[done.happened],
    output: done.output,
    version: claimed.version + 1,
  });
  return { ...done, recorded: false };
};

/** Records a call that was refused before it was made. A call that is recorded already stays as it is. */
export const recordRefused = async (effect: Identity, why: string, effects: Effects): Promise<void> => {
  await written({ ...effect, status: 'undone', output: why, version: 1 }, effects);
};

const unknown: Act = { happened: 'unknown', output: '' };

/** How the recorded call went. Undefined if it certainly was not made, so that it may be made. */
const ended = (seen: Effect | undefined): Act | undefined => {
  if (seen?.status === 'done') return { happened: 'yes', output: seen.output ?? '' };
  return seen?.status === 'undone' ? undefined : unknown;
};

/** The pending effect under which this caller alone may make the call, or how an earlier caller's call went. */
const claim = async (effect: Identity, effects: Effects): Promise<Effect | Act> => {
  const first = pending(effect, 1);
  if (await written(first, effects)) return first;
  const seen = await effects.get(effect.runId, effect.key);
  const past = ended(seen);
  if (past || !seen) return past ?? unknown;
  const again = pending(effect, seen.version + 1);
  return (await written(again, effects)) ? again : unknown;
};

/** How many races a call may lose for a seat: each lost one is another call's progress, and a step makes at most 32 calls. */
const mostRaces = 100;
/** How many calls that lost their seat an effect lists. */
const mostUnseated = 20;

/** As `claim`, for one of `limit` seats: the call's own, else a free one, else that of a call that was not made. */
const claimSeat = async (effect: Identity, effects: Effects, limit: number): Promise<Effect | Act | 'over limit'> => {
  for (let race = 0; race < mostRaces; race++) {
    const seats = await effects.seats(effect.runId, effect.tool);
    const own = seats.find(({ key }) => key === effect.key);
    const past = own && ended(own);
    if (past) return past;
    const seat = own?.seat ?? freeSeat(seats, limit);
    if (seat === undefined) return 'over limit';
    const seen = seats.find((other) => other.seat === seat);
    const mine = { ...pending(effect, (seen?.version ?? 0) + 1), seat, ...unseatedBy(effect, seen) };
    if (await written(mine, effects)) return mine;
  }
  throw new Failure('EffectConflict', `${effect.runId}: a call of ${effect.tool} lost ${mostRaces} races for its seat`);
};

const freeSeat = (seats: Effect[], limit: number): number | undefined => {
  const untaken = Array.from({ length: limit }, (_, at) => at + 1).find(
    (seat) => !seats.some((other) => other.seat === seat),
  );
  return untaken ?? seats.find(({ status }) => status === 'undone')?.seat;
};

/** The calls that a seat keeps a record of when this call takes it. */
const unseatedBy = ({ key: own }: Identity, seen: Effect | undefined): Pick<Effect, 'before'> => {
  if (!seen) return {};
  const { key, attempt, step, place, output } = seen;
  const all = [...(seen.before ?? []), { key, attempt, step, place, output: reasonIn(output) }];
  const before = all.filter((other) => other.key !== own).slice(-mostUnseated);
  return before.length > 0 ? { before } : {};
};

/** How much of the reason is kept where many effects are read, in characters. */
const mostReason = 300;
/** The first line of a recorded reason: what follows it may be the other side's own words. */
export const reasonIn = (output: string | null): string | null =>
  output === null ? null : (output.split('\n', 1)[0] ?? '').slice(0, mostReason).toWellFormed();

const pending = (effect: Identity, version: number): Effect => ({
  ...effect,
  status: 'pending',
  output: null,
  version,
});

const written = async (effect: Effect, effects: Effects): Promise<boolean> => {
  try {
    await effects.put(effect);
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'EffectConflict') return false;
    throw thrown;
  }
};
