import { region } from './emulated-cloud.ts';

const headers = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20261122/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

const answered = async (response: Response): Promise<Record<string, unknown>> => {
  const text = await response.text();
  if (response.ok) return text === '' ? {} : JSON.parse(text);
  throw new Error(`${response.url} answered ${response.status}: ${text}`);
};

const targets = {
  events: 'AWSEvents',
  logs: 'Logs_20140328',
  monitoring: 'GraniteServiceVersion20100801',
  sqs: 'AmazonSQS',
};

/** Calls an action in AWS's JSON protocol, for services of which the suite needs only one or two actions. */
export const ask = async (
  url: string,
  service: keyof typeof targets,
  action: string,
  body: Record<string, unknown>,
): Promise<Record<string, unknown>> => {
  const target = { 'x-amz-target': `${targets[service]}.${action}`, 'content-type': 'application/x-amz-json-1.1' };
  return answered(
    await fetch(url, { method: 'POST', headers: { ...headers(service), ...target }, body: JSON.stringify(body) }),
  );
};

/** The log of a deployed function, including Lambda's own lines. */
export const logged = async (url: string, name: string): Promise<string> => {
  const asked = { logGroupName: `/aws/lambda/${name}`, limit: 10_000 };
  const { events = [] } = await ask(url, 'logs', 'FilterLogEvents', asked);
  return (events as { message: string }[]).map(({ message }) => message).join('\n');
};

/** EventBridge Scheduler's REST API: `GET /schedules/<name>?groupName=<group>`. */
export const scheduler = async (
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> => {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  return answered(await fetch(`${url}${path}`, { method, headers: headers('scheduler'), ...init }));
};
