import net from 'node:net';
import type { Http, HttpRequest } from '../../lib/agent/http.ts';
import { ToolError } from '../../lib/agent/tool.ts';
import type { Target } from '../../lib/io/web/dial.ts';
import { guardedHttp } from '../../lib/io/web/http.ts';

/** An address that is public: the guard lets it through, and the recorded port below sends it to loopback. */
export const somewherePublic = '93.184.215.14';

/** A guarded port whose lookups and connections are recorded. Whatever it connects to, it talks to this port on loopback. */
export const recordedHttp = (port: () => number, names: Record<string, string[]> = {}) => {
  const lookups: string[] = [];
  const targets: Target[] = [];
  const http = guardedHttp({
    resolve: async (name) => {
      lookups.push(name);
      return names[name] ?? [];
    },
    connect: async (target) => {
      targets.push(target);
      return net.connect(port(), '127.0.0.1');
    },
  });
  return { http, lookups, targets };
};

/** A GET unless `more` changes it. Nothing aborts it. Where the URL is plain http, the entries of `allow` ask for that. */
export const ask = (http: Http, url: string, entries: string[], more: Partial<HttpRequest> = {}) => {
  const allow = url.startsWith('http:') ? entries.map((entry) => `http://${entry}`) : entries;
  return http({
    method: 'GET',
    url,
    headers: {},
    allow,
    maxBytes: 100_000,
    signal: new AbortController().signal,
    ...more,
  });
};

/** The body of an answer. */
export const bodyOf = async (answer: ReturnType<Http>) => Buffer.from((await answer).body).toString();

/** The ToolError that the work ends with; throws if it ends otherwise. */
export const errorOf = async (work: Promise<unknown>): Promise<ToolError> => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ToolError)) throw new Error('expected a ToolError', { cause: thrown });
  return thrown;
};

export const kindOf = async (work: Promise<unknown>) => (await errorOf(work)).kind;
