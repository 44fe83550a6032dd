type Fields = Record<string, unknown>;
export type Item = Fields & { pk: string; sk: string };
/** A performed write and the item that it replaced. */
export type Write = { before: Item | undefined; item: Item; condition: string | undefined };

export type Store = {
  /** Answers a request as DynamoDB does, or throws DynamoDB's error by name. Throws a plain Error for an unsupported request. */
  answer(action: string, input: Fields): Fields;
  /** Every item, by key. */
  items: Map<string, Item>;
  writes: Write[];
};

/** The keys of the table in infra/table.yml and of its index. */
const keys = { table: { hash: 'pk', range: 'sk' }, byDay: { hash: 'day', range: 'sk' } };
const maxPageBytes = 1024 * 1024;

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const unknown = (what: string): Error => new Error(`the simulated store does not know ${what}`);
const invalid = (message: string): Error => named('ValidationException', message);

const isItem = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && 'pk' in value && 'sk' in value;
const textOf = (value: unknown): string => (value === undefined ? '' : String(value));
const placeOf = ({ pk, sk }: Item): string => `${pk}\n${sk}`;

/** Throws for a request with any other field, so that no unsupported field is ignored. */
const only = (input: Fields, known: string[]): void => {
  const other = Object.keys(input).filter((key) => input[key] !== undefined && !known.includes(key));
  if (other.length > 0) throw unknown(other.join(', '));
};

/** Resolves the values and names of an expression. DynamoDB refuses unused and undeclared ones. */
const opened = (input: Fields, expression: string) => {
  const declared = { ...(input.ExpressionAttributeValues as Fields), ...(input.ExpressionAttributeNames as Fields) };
  const used: string[] = expression.match(/[:#]\w+/g) ?? [];
  for (const name of Object.keys(declared)) if (!used.includes(name)) throw invalid(`${name} is not used`);
  for (const name of used) if (declared[name] === undefined) throw invalid(`${name} is not declared`);
  return {
    value: (name = '') => declared[name],
    attribute: (name = '') => (name.startsWith('#') ? String(declared[name]) : name),
  };
};

/** Compares two values of one type, as DynamoDB does; false for different types. */
const isAtMost = (found: unknown, bound: unknown): boolean =>
  (typeof found === 'number' && typeof bound === 'number' && found <= bound) ||
  (typeof found === 'string' && typeof bound === 'string' && found <= bound);

const clause = (text: string, item: Fields | undefined, open: ReturnType<typeof opened>): boolean => {
  const absent = /^attribute_not_exists\((\w+)\)$/.exec(text);
  if (absent) return item?.[absent[1] ?? ''] === undefined;
  const [, name, operator, value] = /^(#?\w+) (=|<=) (:\w+)$/.exec(text) ?? [];
  if (operator === undefined) throw unknown(`the condition "${text}"`);
  const found = item?.[open.attribute(name)];
  return operator === '=' ? found !== undefined && found === open.value(value) : isAtMost(found, open.value(value));
};

const holds = (input: Fields, item: Fields | undefined): boolean => {
  const expression = input.ConditionExpression;
  if (expression === undefined) return true;
  const open = opened(input, String(expression));
  return String(expression)
    .split(' OR ')
    .map((text) => clause(text, item, open))
    .includes(true);
};

/** Matches items by a key condition: a partition, a key prefix, or a key range. */
const matcher = (input: Fields, { hash, range }: { hash: string; range: string }): ((item: Item) => boolean) => {
  const expression = String(input.KeyConditionExpression);
  const open = opened(input, expression);
  const form = /^(#?\w+) = (:\w+)(?: AND (?:begins_with\((\w+), (:\w+)\)|(\w+) BETWEEN (:\w+) AND (:\w+)))?$/;
  const [, name, value, prefixed, prefix, ranged, from, to] = form.exec(expression) ?? [];
  const sort = prefixed ?? ranged ?? range;
  if (open.attribute(name) !== hash || sort !== range) throw unknown(`the key condition "${expression}"`);
  return (item) => {
    if (item[hash] !== open.value(value)) return false;
    const key = textOf(item[range]);
    if (prefix) return key.startsWith(textOf(open.value(prefix)));
    return !from || (key >= textOf(open.value(from)) && key <= textOf(open.value(to)));
  };
};

const byKey =
  (range: string) =>
  (a: Item, b: Item): number =>
    Buffer.compare(Buffer.from(textOf(a[range])), Buffer.from(textOf(b[range]))) || (placeOf(a) < placeOf(b) ? -1 : 1);

/** The items of one page: at least one, at most 1 MB or the limit. */
const page = (found: Item[], limit: number): Item[] => {
  let bytes = 0;
  const end = found.findIndex((item, at) => {
    bytes += JSON.stringify(item).length;
    return at === limit || (at > 0 && bytes > maxPageBytes);
  });
  return end < 0 ? found : found.slice(0, end);
};

/** The keys of the table or of its index, which has no consistent reads. */
const indexOf = ({ IndexName, ConsistentRead }: Fields): { hash: string; range: string } => {
  if (IndexName === undefined) return keys.table;
  if (IndexName !== 'byDay') throw unknown(`the index ${IndexName}`);
  if (ConsistentRead) throw invalid('an index has no consistent reads');
  return keys.byDay;
};

/** The page after the start key, with the key at which the next page begins. */
const paged = (found: Item[], { ExclusiveStartKey: start, Limit }: Fields, { hash }: { hash: string }): Fields => {
  const at = isItem(start) ? found.findIndex((item) => placeOf(item) === placeOf(start)) + 1 : 0;
  const given = page(found.slice(at), Number(Limit ?? Number.POSITIVE_INFINITY));
  const last = given.at(-1);
  const more = last !== undefined && (at + given.length < found.length || given.length === Limit);
  const next = more ? { LastEvaluatedKey: { pk: last.pk, sk: last.sk, [hash]: last[hash] } } : {};
  return { Items: given.map((item) => ({ ...item })), ...next };
};

/**
 * DynamoDB in memory, limited to the requests that the product makes. With `lag`, an eventually consistent read returns the
 * item as it was before its last write, as it may on AWS.
 */
export const openStore = (table: string, { lag }: { lag: boolean }): Store => {
  const items = new Map<string, Item>();
  const before = new Map<string, Item | undefined>();
  const writes: Write[] = [];

  const seen = (input: Fields): Item[] => {
    const now = [...items.entries()];
    if (input.ConsistentRead === true || !lag) return now.map(([, item]) => item);
    return now.flatMap(([place]) => before.get(place) ?? []);
  };

  const actions: Record<string, (input: Fields) => Fields> = {
    GetItem(input) {
      only(input, ['TableName', 'Key', 'ConsistentRead']);
      if (!isItem(input.Key)) throw unknown('this key');
      const place = placeOf(input.Key);
      const found = input.ConsistentRead === true || !lag ? items.get(place) : before.get(place);
      return found ? { Item: { ...found } } : {};
    },
    PutItem(input) {
      only(input, [
        'TableName',
        'Item',
        'ConditionExpression',
        'ExpressionAttributeValues',
        'ExpressionAttributeNames',
      ]);
      if (!isItem(input.Item)) throw unknown('this item');
      const place = placeOf(input.Item);
      const previous = items.get(place);
      if (!holds(input, previous)) throw named('ConditionalCheckFailedException', 'The conditional request failed');
      const item = { ...input.Item };
      before.set(place, previous);
      items.set(place, item);
      writes.push({ before: previous, item, condition: input.ConditionExpression as string | undefined });
      return {};
    },
    Query(input) {
      only(input, [
        ...['TableName', 'IndexName', 'KeyConditionExpression', 'ExpressionAttributeValues'],
        ...['ExpressionAttributeNames', 'ConsistentRead', 'ScanIndexForward', 'Limit', 'ExclusiveStartKey'],
      ]);
      const index = indexOf(input);
      const found = seen(input).filter(matcher(input, index)).sort(byKey(index.range));
      return paged(input.ScanIndexForward === false ? found.reverse() : found, input, index);
    },
  };

  return {
    items,
    writes,
    answer(action, input) {
      const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
      if (!act) throw unknown(`the action ${action}`);
      if (input.TableName !== table) throw named('ResourceNotFoundException', 'Requested resource not found');
      return act(input);
    },
  };
};
