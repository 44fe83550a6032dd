import * as z from 'zod';
import { scheduleArn, scheduleGroup } from '../arn.ts';
import { type HttpReply, type HttpRequest, jsonReply } from '../aws-protocol.ts';
import type { Clock } from './clock.ts';
import { beforeFirst, type Schedules, Settings, Stored } from './schedules.ts';

const json = { 'content-type': 'application/json' };
const answer = (body: unknown): HttpReply => jsonReply(200, body, json);

const statuses = { ResourceNotFoundException: 404, ConflictException: 409, ValidationException: 400 } as const;

const refuse = (name: keyof typeof statuses, message: string): HttpReply =>
  jsonReply(statuses[name], { Message: message }, { ...json, 'x-amzn-errortype': name });

type Request = { name: string; group: string; body: unknown };
type Deps = { schedules: Schedules; clock: Clock; changed(): void };

const missing = (name: string): HttpReply => refuse('ResourceNotFoundException', `Schedule ${name} does not exist.`);

const Token = z.object({ ClientToken: z.string().min(1).max(64).default('') });

const description = ({ name, settings, createdAt, modifiedAt }: Stored) => ({
  Arn: scheduleArn(name),
  GroupName: scheduleGroup,
  Name: name,
  ...settings,
  CreationDate: createdAt / 1000,
  LastModificationDate: modifiedAt / 1000,
});

const summary = (schedule: Stored) => {
  const { Arn, Name, GroupName, State, CreationDate, LastModificationDate, Target } = description(schedule);
  return { Arn, Name, GroupName, State, CreationDate, LastModificationDate, Target: { Arn: Target.Arn } };
};

const byMethod: Record<string, (request: Request, deps: Deps) => HttpReply> = {
  POST({ name, body }, { schedules, clock, changed }) {
    const token = Token.parse(body).ClientToken;
    const settings = Settings.parse(body);
    const found = schedules.read(name);
    const isRepeated = found !== undefined && token !== '' && found.token === token;
    if (found !== undefined && !isRepeated) return refuse('ConflictException', `Schedule ${name} already exists.`);
    const now = clock.now();
    const times = { createdAt: now, modifiedAt: now, handledTo: beforeFirst(settings, now) };
    if (!isRepeated) schedules.write(Stored.parse({ name, settings, ...times, token }));
    changed();
    return answer({ ScheduleArn: scheduleArn(name) });
  },
  PUT({ name, body }, { schedules, clock, changed }) {
    const settings = Settings.parse(body);
    const found = schedules.read(name);
    if (found === undefined) return missing(name);
    const now = clock.now();
    schedules.write({ ...found, settings, modifiedAt: now, handledTo: Math.max(found.handledTo, now) });
    changed();
    return answer({ ScheduleArn: scheduleArn(name) });
  },
  GET({ name }, { schedules }) {
    const found = schedules.read(name);
    return found === undefined ? missing(name) : answer(description(found));
  },
  DELETE({ name }, { schedules, changed }) {
    if (schedules.read(name) === undefined) return missing(name);
    schedules.remove(name);
    changed();
    return answer({});
  },
};

const Query = z.object({
  ScheduleGroup: z.string().optional(),
  NamePrefix: z.string().default(''),
  State: z.enum(['ENABLED', 'DISABLED']).optional(),
  MaxResults: z.coerce.number().int().min(1).max(100).default(100),
  NextToken: z.string().default(''),
});

const list = (query: URLSearchParams, { schedules }: Deps): HttpReply => {
  const {
    ScheduleGroup = scheduleGroup,
    NamePrefix,
    State,
    MaxResults,
    NextToken,
  } = Query.parse(Object.fromEntries(query));
  if (ScheduleGroup !== scheduleGroup) return answer({ Schedules: [] });
  const found = schedules
    .all()
    .filter(({ name, settings }) => name.startsWith(NamePrefix) && (State ?? settings.State) === settings.State)
    .filter(({ name }) => name > NextToken);
  const page = found.slice(0, MaxResults);
  const more = found.length > page.length && { NextToken: page.at(-1)?.name };
  return answer({ Schedules: page.map(summary), ...more });
};

const read = (text: string): unknown => {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return undefined;
  }
};

const Grouped = z.object({ GroupName: z.string().default('default') });

const one = (name: string, url: URL, { method, body: text }: HttpRequest, deps: Deps): HttpReply => {
  const act = Object.hasOwn(byMethod, method) ? byMethod[method] : undefined;
  if (act === undefined) return refuse('ValidationException', `there is no ${method} of a schedule`);
  if (!Stored.shape.name.safeParse(name).success) return refuse('ValidationException', `Invalid Name: ${name}`);
  const body = read(text);
  const inQuery = url.searchParams.get('groupName') ?? 'default';
  const group = method === 'POST' || method === 'PUT' ? Grouped.parse(body).GroupName : inQuery;
  // On AWS a request without a group means `default`. Here there is one group, which every request has to name.
  if (group !== scheduleGroup) return refuse('ResourceNotFoundException', `Schedule group ${group} does not exist.`);
  return act({ name, group, body }, deps);
};

/** Whether a request is for EventBridge Scheduler. */
export const isScheduler = (path: string): boolean => /^\/schedules(\/|\?|$)/.test(path);

/**
 * EventBridge Scheduler over AWS's REST protocol, with one group. UpdateSchedule replaces everything: a field left out gets its default.
 * `changed` is called after each change.
 */
export const answerScheduler = (request: HttpRequest, deps: Deps): HttpReply => {
  const url = new URL(request.path, 'http://scheduler');
  const [, , name, ...more] = url.pathname.split('/');
  try {
    if (more.length > 0) return refuse('ValidationException', `there is nothing at ${url.pathname}`);
    if (name !== undefined) return one(decodeURIComponent(name), url, request, deps);
    return request.method === 'GET' ? list(url.searchParams, deps) : refuse('ValidationException', 'expected a name');
  } catch (thrown) {
    if (thrown instanceof z.ZodError) return refuse('ValidationException', z.prettifyError(thrown));
    if (thrown instanceof URIError) return refuse('ValidationException', `there is nothing at ${url.pathname}`);
    throw thrown;
  }
};
