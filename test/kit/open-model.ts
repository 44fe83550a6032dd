import type { Model, ModelReply, ModelRequest } from '../../lib/agent/model.ts';
import { type ModelDeps, openModel } from '../../lib/io/model/model.ts';
import type { Asked } from '../../lib/io/model/provider.ts';
import { AssistantMessage, type Message } from '../../lib/run/message.ts';
import type { ModelServer } from './model-servers.ts';

export type Opening = { id: string; env?: Record<string, string | undefined>; secrets?: Record<string, string> };

const now = new Date('2026-11-22T07:00:00Z');

/** Opens a model for attempt 2, on a stopped clock. There is one script, `demo`. */
export const open = (
  { id, env = {}, secrets = {} }: Opening,
  { warn, ...asked }: Asked & Pick<ModelDeps, 'warn'> = {},
): Promise<Model> =>
  openModel(
    id,
    { attempt: 2, env, ...asked },
    {
      ...(warn && { warn }),
      secret: async (name) => secrets[name],
      script: async (file) => (file === 'demo' ? { attempts: [[{ text: 'one' }], [{ text: 'two' }]] } : undefined),
      clock: { now: () => now, wait: async () => {} },
    },
  );

/** Opens the model a server plays. */
export const opened = (server: ModelServer, changes: Partial<Opening> = {}) => open({ ...server, ...changes });

export const ask: ModelRequest = { system: 'Be brief.', messages: [{ role: 'user', content: 'Go.' }], tools: [] };
/** Never aborts: what hangs ends by the test's own timeout. */
export const { signal } = new AbortController();

/** The conversation after a reply whose calls all got `done`. */
export const answered = ({ content }: ModelReply): Message[] => {
  const message = AssistantMessage.parse({ role: 'assistant', content });
  const results = message.content.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            type: 'tool-result' as const,
            toolCallId: part.toolCallId,
            toolName: part.toolName,
            output: { type: 'text' as const, value: 'done' },
          },
        ]
      : [],
  );
  return [...ask.messages, message, { role: 'tool', content: results }];
};

/** The body of a request a server got, parsed. */
export const sent = (server: ModelServer, index: number) => JSON.parse(server.requests[index]?.raw ?? 'null');

/** Keeps servers by `on` until `all` closes them. */
export const closing = () => {
  const servers: { close(): Promise<void> }[] = [];
  return {
    on: <T extends { close(): Promise<void> }>(server: T): T => {
      servers.push(server);
      return server;
    },
    all: async () => {
      for (const server of servers.splice(0)) await server.close();
    },
  };
};
