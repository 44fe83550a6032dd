import fc from 'fast-check';
import type { Failure } from '../../../../lib/failure.ts';
import { boundary, broken, ending } from '../boundary.ts';
import { changed, edits, type Json, jsonEdit } from '../hostile-json.ts';
import { edited, textEdit } from '../hostile-text.ts';
import { placeOf, type Wire } from '../loopback-aws.ts';
import { openWorld, type World } from '../loopback-service.ts';
import { run, runId, usage } from './machine-state.ts';

const at = run.startedAt;
const failed = { failure: 'StepLimit', message: 'over', usage, endedAt: at, decision: { status: 'give-up' } };
const outcomes = [
  null,
  { status: 'succeeded', attempts: 1, steps: 2, usage, endedAt: at },
  { status: 'failed', failure: 'StepLimit', message: 'over', attempts: 1, usage: { ...usage, usd: null }, endedAt: at },
  { status: 'skipped', why: 'late', usage, endedAt: at },
];
const older = { ...run, id: 'small_20251122T070000Z', slot: '2025-11-22T07:00:00Z' };

/** Items under each key, some of them misplaced. */
const contents = {
  run: [
    ...outcomes.map((outcome) => ({ ...run, outcome, version: outcome ? 2 : 1 })),
    { ...run, later: { version: 9 } },
  ],
  attempt: [null, failed].map((end) => ({ runId, number: 1, startedAt: at, failed: end, version: end ? 2 : 1 })),
  effect: ['pending', 'done', 'undone'].map((status) => ({
    runId,
    key: 'k',
    tool: 'http_post',
    attempt: 1,
    status,
    output: status === 'pending' ? null : 'ok',
    version: 1,
  })),
};
const strangers: Json[] = [
  older,
  { ...older, suffix: 'manual' },
  { runId, number: 2, startedAt: at, failed: null, version: 1 },
  { ...contents.effect[0], key: 'other' },
  null,
  [],
  'text',
  {},
];

type Kind = keyof typeof contents;
const keys: Record<Kind, { pk: string; sk: string }> = {
  run: { pk: 'job#small', sk: `run#${run.slot}` },
  attempt: { pk: `run#${runId}`, sk: 'attempt#001' },
  effect: { pk: `run#${runId}`, sk: 'effect#k' },
};

const attribute: fc.Arbitrary<Record<string, unknown>> = fc.constantFrom<Record<string, unknown>[]>(
  { S: '' },
  { S: '1' },
  { N: '0' },
  { N: '-1' },
  { N: '1.5' },
  { N: '4102444800' },
  { N: '123456789012345678901234567890' },
  { N: '9.9E125' },
  { BOOL: true },
  { NULL: true },
  { L: [{ S: 'a' }] },
  { M: { a: { N: '1' } } },
  { B: 'AAEC' },
  { SS: ['a'] },
);
const cases = fc.record({
  kind: fc.constantFrom<Kind[]>('run', 'attempt', 'effect'),
  way: fc.nat(9),
  which: fc.nat(9),
  stranger: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, fc.constantFrom(...strangers)),
  changes: edits(jsonEdit, 4),
  scratches: edits(textEdit, 10),
  attributes: fc.oneof(
    { weight: 5, arbitrary: fc.constant({}) },
    fc.dictionary(fc.constantFrom('version', 'expiresAt', 'data', 'token', 'more'), attribute, {
      minKeys: 1,
      maxKeys: 2,
    }),
  ),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const itemOf = ({ kind, which, stranger, changes, scratches, attributes }: Case): Wire => {
  const content = stranger === undefined ? contents[kind][which % contents[kind].length] : stranger;
  const data = edited(JSON.stringify(changed(content, changes)) ?? '', scratches);
  const { pk, sk } = keys[kind];
  return {
    pk: { S: pk },
    sk: { S: sk },
    day: { S: 'day#2026-11-22#0' },
    version: { N: '1' },
    expiresAt: { N: '4102444800' },
    token: { S: 't' },
    data: { S: data },
    ...attributes,
  };
};

const isOwn = (kind: Kind, value: Record<string, unknown>): boolean => {
  if (kind === 'run') return value.id === runId && (value.job as { name?: string }).name === 'small';
  if (kind === 'attempt') return value.runId === runId && value.number === 1;
  return value.runId === runId && value.key === 'k';
};

const reads: Record<Kind, (world: World, way: number) => Promise<unknown[]>> = {
  run: async ({ stores: { runs } }, way) => {
    if (way % 10 === 9) return runs.byDay('2026-11-22');
    return way % 2 ? runs.byJob('small', { limit: 5 }) : [await runs.get(runId)];
  },
  attempt: async ({ stores: { attempts } }, way) => (way % 2 ? attempts.list(runId) : [await attempts.get(runId, 1)]),
  effect: async ({ stores: { effects } }) => [await effects.get(runId, 'k')],
};

/** Whether every reported item was damaged. */
const damagedOnly = (failures: Failure[]): boolean => failures.every(({ name }) => name === 'DamagedItem');

/** Whether the item is unchanged, so that it must be read. */
const isWhole = ({ stranger, changes, scratches, attributes }: Case): boolean =>
  stranger === undefined && changes.length + scratches.length + Object.keys(attributes).length === 0;

const isExpired = ({ expiresAt }: Wire): boolean => Number((expiresAt as { N?: string }).N) * 1000 <= Date.now();

const verdictOf = ({ kind }: Case, item: Wire, { damaged }: World, found: unknown[]): string => {
  const [value] = found;
  if (!damagedOnly(damaged)) return broken('a list left out an item that is not damaged', damaged);
  if (value === undefined && damaged.length > 0) return 'DamagedItem';
  if (value === undefined) return isExpired(item) ? 'expired' : broken('a stored item was not found', item);
  return found.length === 1 && isOwn(kind, value as Record<string, unknown>)
    ? 'accepted'
    : broken("a read returned another item's data", found);
};

/** Stored runs, attempts and effects: of a later version, of another item, damaged or cut. */
export const storedRecord = async () => {
  const world = await openWorld();
  return boundary({
    cases,
    judge: async (one) => {
      world.damaged.length = 0;
      const item = itemOf(one);
      world.aws.replaceItems([item]);
      const ended = await ending(() => reads[one.kind](world, one.way));
      if ('refused' in ended) return isWhole(one) ? broken('an undamaged item is refused', item) : ended.refused;
      const verdict = verdictOf(one, item, world, ended.value);
      if (isWhole(one) && verdict !== 'accepted') return broken('an undamaged item is not read', verdict);
      if (world.aws.puts > 0 || world.aws.items.get(placeOf(item)) !== item) return broken('a read wrote to the table');
      return verdict;
    },
    close: world.close,
  });
};
