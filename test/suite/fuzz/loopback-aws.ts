import { Readable } from 'node:stream';
import { listen, readBody } from '../../kit/wire/listen.ts';

/** An item in DynamoDB's wire format: `{ pk: { S: 'job#a' }, … }`. */
export type Wire = Record<string, Record<string, unknown>>;

/** An execution that a function started. */
export type Started = { name: string; input: string };

type RequestHandler = {
  handle(request: { headers: Record<string, string>; body?: unknown }): Promise<{ response: object }>;
};

export type LoopbackAws = {
  url: string;
  /** Every item by its key. A test may put any item here. */
  items: Map<string, Wire>;
  /** The number of successful puts. */
  puts: number;
  started: Started[];
  /** A request handler for the SDK that answers without a network. */
  requestHandler: RequestHandler;
  /** Replaces all items and resets the counts. */
  replaceItems(items: Iterable<Wire>): void;
  close(): Promise<void>;
};

const text = (value: Record<string, unknown> | undefined): string => String(value?.S ?? value?.N ?? '');

/** The key of an item as text. */
export const placeOf = (item: Wire): string => `${text(item.pk)}\n${text(item.sk)}`;

type Input = {
  Key?: Wire;
  Item?: Wire;
  ConditionExpression?: string;
  KeyConditionExpression?: string;
  IndexName?: string;
  ScanIndexForward?: boolean;
  Limit?: number;
  ExpressionAttributeValues?: Wire;
  name?: string;
  input?: string;
};
type Answer = { status: number; body: unknown };

const error = (type: string): Answer => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: type },
});

/** Evaluates the product's two conditions. Undefined for any other condition and for none. */
const holds = (condition: string | undefined, values: Wire, there: Wire | undefined): boolean | undefined => {
  if (condition === 'attribute_not_exists(pk) OR expiresAt <= :now')
    return there === undefined || Number(text(there.expiresAt)) <= Number(text(values[':now']));
  if (condition === 'version = :seen') return there !== undefined && text(there.version) === text(values[':seen']);
  return undefined;
};

const inQuery = (
  item: Wire,
  { IndexName, KeyConditionExpression: condition, ExpressionAttributeValues: values = {} }: Input,
): boolean => {
  if (IndexName) return text(item.day) === text(values[':day']);
  if (text(item.pk) !== text(values[':pk'])) return false;
  if (condition?.includes('begins_with')) return text(item.sk).startsWith(text(values[':sk']));
  return text(item.sk) >= text(values[':from']) && text(item.sk) <= text(values[':to']);
};

const bySk = (a: Wire, b: Wire): number => Buffer.compare(Buffer.from(text(a.sk)), Buffer.from(text(b.sk)));

const found = (aws: LoopbackAws, input: Input): Wire[] => {
  const items = [...aws.items.values()].filter((item) => inQuery(item, input)).sort(bySk);
  return (input.ScanIndexForward === false ? items.reverse() : items).slice(0, input.Limit ?? items.length);
};

const answers: Record<string, (aws: LoopbackAws, input: Input) => Answer> = {
  GetItem: ({ items }, { Key = {} }) => ({ status: 200, body: { Item: items.get(placeOf(Key)) } }),
  PutItem: (aws, { Item = {}, ConditionExpression, ExpressionAttributeValues = {} }) => {
    const may = holds(ConditionExpression, ExpressionAttributeValues, aws.items.get(placeOf(Item)));
    if (may === undefined) return error('ValidationException');
    if (!may) return error('ConditionalCheckFailedException');
    aws.items.set(placeOf(Item), Item);
    aws.puts += 1;
    return { status: 200, body: {} };
  },
  Query: (aws, input) => ({ status: 200, body: { Items: found(aws, input) } }),
  StartExecution: ({ started }, { name = '', input = '' }) => {
    started.push({ name, input });
    return { status: 200, body: { executionArn: 'arn', startDate: 1 } };
  },
};

const answer = (aws: LoopbackAws, action: string, input: Input): Answer =>
  answers[action]?.(aws, input) ?? error('UnknownOperationException');

/**
 * Answers the product's requests to DynamoDB and Step Functions on loopback.
 * Unlike a real engine it can hold items that no request could write.
 */
export const openLoopbackAws = async (): Promise<LoopbackAws> => {
  const headers = { 'content-type': 'application/x-amz-json-1.0' };
  const answered = (target: unknown, body: unknown): Answer =>
    answer(aws, String(target).replace(/^.*\./, ''), JSON.parse(String(body)));
  const { origin, close } = await listen(async (request, response) => {
    const { status, body } = answered(request.headers['x-amz-target'], await readBody(request));
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  const aws: LoopbackAws = {
    url: origin,
    items: new Map(),
    puts: 0,
    started: [],
    requestHandler: {
      handle: async (request) => {
        const { status, body } = answered(
          request.headers['x-amz-target'],
          new TextDecoder().decode(request.body as Uint8Array),
        );
        return { response: { statusCode: status, headers, body: Readable.from([Buffer.from(JSON.stringify(body))]) } };
      },
    },
    replaceItems: (items) => {
      aws.items = new Map([...items].map((item) => [placeOf(item), item]));
      aws.puts = 0;
      aws.started = [];
    },
    close,
  };
  return aws;
};
