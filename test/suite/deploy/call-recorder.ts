import { type IncomingMessage, request as send } from 'node:http';
import * as z from 'zod';
import { listen, readBody } from '../../kit/wire/listen.ts';

/** A request to AWS as IAM sees it: caller, action and resource, and the partition key of an item that it puts. */
export type Call<Name extends string = string> = {
  caller: Name;
  action: string;
  resource: string;
  leadingKey?: string | undefined;
};

type Asked = {
  service: string;
  region: string;
  target: string;
  method: string;
  path: string;
  body: Record<string, string>;
};
type Naming = (asked: Asked, answered: Record<string, string>) => [action: string, resource: string];

const account = '000000000000';
const arn = ({ service, region }: Asked, rest: string, owner = account) =>
  `arn:aws:${service}:${region}:${owner}:${rest}`;

const table: Naming = (asked) => {
  const { TableName, IndexName } = asked.body;
  return [asked.target, arn(asked, `table/${TableName}${IndexName === undefined ? '' : `/index/${IndexName}`}`)];
};

/** IAM calls every streamed Bedrock operation on a model InvokeModelWithResponseStream. The name of an inference profile begins with its geography. */
const bedrock: Naming = (asked) => {
  const model = decodeURIComponent(asked.path.split('/')[2] ?? '');
  const profile = /^[a-z-]+\.[^.]+\./.test(model);
  const resource = profile ? arn(asked, `inference-profile/${model}`) : arn(asked, `foundation-model/${model}`, '');
  return ['InvokeModelWithResponseStream', resource];
};

/** The ARN of a secret ends in six characters that AWS chooses. Only a successful answer contains them. */
const secret: Naming = (asked, { ARN }) => [asked.target, ARN ?? arn(asked, `secret:${asked.body.SecretId}-refuse`)];

const ofSchedules: Record<string, string> = { GET: 'GetSchedule', DELETE: 'DeleteSchedule' };

/** Scheduler's REST API names the action by the HTTP method, and the schedule by its group and name. */
const schedule: Naming = (asked) => {
  const { pathname, searchParams } = new URL(asked.path, 'http://scheduler');
  const [, kind, name = ''] = pathname.split('/');
  const action = kind === 'schedules' ? (ofSchedules[asked.method] ?? '?') : '?';
  return [action, arn(asked, `schedule/${searchParams.get('groupName') ?? 'default'}/${decodeURIComponent(name)}`)];
};

const namings: Record<string, Naming> = {
  dynamodb: table,
  states: ({ target, body }) => [target, body.stateMachineArn ?? body.executionArn ?? ''],
  scheduler: schedule,
  ssm: (asked) => [asked.target, arn(asked, `parameter${asked.body.Name}`)],
  secretsmanager: secret,
  bedrock,
};

const PutItem = z.object({ Item: z.object({ pk: z.object({ S: z.string() }) }) });

const parsed = (bytes: Buffer): Record<string, string> => {
  try {
    return Object(JSON.parse(bytes.toString()));
  } catch {
    return {};
  }
};

/** The action and resource of a signed request. A request that is unsigned or to an unknown service is recorded by its path. */
const named = (request: IncomingMessage, body: Buffer, answer: Buffer): Omit<Call, 'caller'> => {
  const { headers, method = '', url: path = '' } = request;
  const [, region = '', service = ''] =
    /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const target = String(headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  const naming = namings[service];
  if (!naming) return { action: `${service}:?`, resource: path };
  const asked = parsed(body);
  const [action, resource] = naming({ service, region, target, method, path, body: asked }, parsed(answer));
  return { action: `${service}:${action}`, resource, leadingKey: PutItem.safeParse(asked).data?.Item.pk.S };
};

/** Forwards a request unchanged, with the Host header that its signature covers. */
const forward = (request: IncomingMessage, body: Buffer, port: string) =>
  new Promise<{ status: number; headers: IncomingMessage['headers']; answer: Buffer }>((resolve, reject) => {
    const { method, url: path, headers } = request;
    const out = send({ host: '127.0.0.1', port, method, path, headers }, async (response) => {
      const answer = await readBody(response).catch(reject);
      if (answer) resolve({ status: response.statusCode ?? 502, headers: response.headers, answer });
    });
    out.once('error', reject).end(body);
  });

/** A loopback proxy in front of an engine that records the requests of each caller. Every caller has its own port. */
export const recorder = async <Name extends string>(engine: string, callers: readonly Name[]) => {
  const calls: Call<Name>[] = [];
  const { port } = new URL(engine);
  const proxy = (caller: Name) =>
    listen(async (request, response) => {
      try {
        const body = await readBody(request);
        const { status, headers, answer } = await forward(request, body, port);
        calls.push({ caller, ...named(request, body, answer) });
        response.writeHead(status, headers).end(answer);
      } catch {
        response.destroy();
      }
    });
  const proxies = await Promise.all(callers.map(async (caller) => [caller, await proxy(caller)] as const));
  return {
    calls,
    urls: Object.fromEntries(proxies.map(([caller, { origin }]) => [caller, origin])) as Record<Name, string>,
    close: async () => void (await Promise.all(proxies.map(([, { close }]) => close()))),
  };
};
