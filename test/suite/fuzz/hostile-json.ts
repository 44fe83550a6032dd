import fc from 'fast-check';
import { anyText, nastyTexts, unit } from './hostile-text.ts';

/** Any JSON value. */
export type Json = unknown;

const own = (json: string): Json => JSON.parse(json);

/** Values of every type, with near misses. Infinity is how `1e999` reads from JSON text. */
const odd: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>(
    null,
    true,
    false,
    0,
    -1,
    1,
    2,
    1.5,
    1e21,
    1e308,
    Number.POSITIVE_INFINITY,
    Number.MAX_SAFE_INTEGER,
    2 ** 53 + 2,
    [],
    {},
    [[]],
    [null],
    own('{"__proto__":{"polluted":true}}'),
    own('{"constructor":{"prototype":{}}}'),
    { toJSON: 'x' },
    '2026-11-22T07:00:00Z',
    '2026-02-30T07:00:00Z',
    '9999-12-31T23:59:59Z',
  ),
  anyText,
  fc.jsonValue({ stringUnit: unit, maxDepth: 2 }),
);

const word = fc.oneof(fc.constantFrom('added', '0', ...nastyTexts.filter((text) => text.length < 20)), anyText);

/** An edit at one place of a JSON value, counted modulo the number of places. `deep` wraps the place in many levels. */
export type JsonEdit = {
  kind: 'set' | 'drop' | 'add' | 'rename' | 'wrap' | 'double' | 'swap' | 'deep';
  at: number;
  key: string;
  value: Json;
};

export const jsonEdit: fc.Arbitrary<JsonEdit> = fc.record({
  kind: fc.oneof(
    {
      weight: 50,
      arbitrary: fc.constantFrom<JsonEdit['kind'][]>('set', 'set', 'drop', 'add', 'rename', 'wrap', 'double', 'swap'),
    },
    { weight: 1, arbitrary: fc.constant('deep' as const) },
  ),
  at: fc.nat(500),
  key: word,
  value: odd,
});

type Path = (string | number)[];

const isBranch = (value: Json): value is Record<string, Json> | Json[] => typeof value === 'object' && value !== null;

/** The paths of all places in a value, the root first, down to 30 levels. */
const places = (value: Json, path: Path = []): Path[] => {
  if (!isBranch(value) || path.length > 30) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => places((value as Record<string | number, Json>)[key], [...path, key]))];
};

const get = (value: Json, path: Path): Json =>
  path.reduce((inner: Json, key) => (inner as Record<string | number, Json>)[key], value);

/** An object with one own property of any name, `__proto__` included. */
const entry = (key: string, value: Json): Record<string, Json> => Object.fromEntries([[key, value]]);

const put = (value: Json, [key, ...rest]: Path, change: (old: Json) => Json[]): Json[] => {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return [value.flatMap((inner, at) => (at === key ? put(inner, rest, change) : [inner]))];
  const entries = Object.entries(value as object).flatMap(([name, inner]) =>
    name === key
      ? put(inner, rest, change)
          .slice(0, 1)
          .map((one) => [name, one])
      : [[name, inner]],
  );
  return [Object.fromEntries(entries)];
};

const renamed = (value: Json, from: string | number | undefined, to: string): Json =>
  isBranch(value) && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name === from ? to : name, inner]))
    : value;

const deep = (levels: number, bottom: Json): Json => {
  let value = bottom;
  for (let level = 0; level < levels; level += 1) value = level % 2 ? { a: value } : [value];
  return value;
};

const changes: Record<Exclude<JsonEdit['kind'], 'rename' | 'swap'>, (edit: JsonEdit) => (old: Json) => Json[]> = {
  set:
    ({ value }) =>
    () => [value],
  drop: () => () => [],
  add:
    ({ key, value }) =>
    (old) => [Array.isArray(old) ? [...old, value] : isBranch(old) ? { ...old, ...entry(key, value) } : value],
  wrap:
    ({ key }) =>
    (old) => [key.length % 2 ? [old] : entry(key, old)],
  double: () => (old) => [old, old],
  deep:
    ({ at }) =>
    (old) => [deep(at % 2 ? 40 : 2000, old)],
};

const edit = (value: Json, one: JsonEdit): Json => {
  const all = places(value);
  const path = all[one.at % all.length] ?? [];
  if (one.kind === 'rename') return put(value, path.slice(0, -1), (old) => [renamed(old, path.at(-1), one.key)])[0];
  if (one.kind === 'swap') {
    const other = get(value, all[(one.at * 7 + 3) % all.length] ?? []);
    return put(value, path, () => [other])[0];
  }
  return put(value, path, changes[one.kind](one))[0] ?? null;
};

/** Applies edits to a value. Applies `deep` once only, because JSON.stringify fails on a value nested twice as deep. */
export const changed = (value: Json, edits: JsonEdit[]): Json =>
  edits
    .filter(({ kind }, at) => kind !== 'deep' || edits.findIndex((one) => one.kind === 'deep') === at)
    .reduce(edit, value);

/** Makes a list of edits. It is empty in `untouched` of `untouched` + 4 cases. Three of four other lists have one edit. */
export const edits = <T>(one: fc.Arbitrary<T>, untouched = 1): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: untouched, arbitrary: fc.constant<T[]>([]) },
    { weight: 3, arbitrary: fc.array(one, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(one, { minLength: 2, maxLength: 4 }) },
  );
