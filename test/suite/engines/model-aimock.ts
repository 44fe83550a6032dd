import type { Opening } from '../../kit/open-model.ts';
import { requireEngine } from './install-engines.ts';

/** Faults that the server makes, each with a probability. */
export type Chaos = { dropRate?: 1; malformedRate?: 1; disconnectRate?: 1; rateLimitRate?: 1 };

/** aimock: a server that plays OpenAI, Anthropic and Bedrock on one port, answers by what a prompt says, and can be told to fail. */
export type Aimock = {
  openai: Opening;
  anthropic: Opening;
  bedrock: Opening;
  /** The base URL of its OpenAI wire. */
  url: string;
  chaos(rates: Chaos): Promise<void>;
  close(): Promise<void>;
};

type Answer =
  | { content: string; finishReason?: string; reasoning?: string; usage?: Record<string, number> }
  | { toolCalls: { name: string; arguments: string }[] }
  | { error: { message: string }; status: number };

/** The part of the package's own class that this uses. */
type Server = {
  url: string;
  onMessage(prompt: string, answer: Answer): unknown;
  start(): Promise<unknown>;
  stop(): Promise<void>;
};

const played: [prompt: string, answer: Answer][] = [
  ['report', { content: 'All is well at the harbour.' }],
  ['count', { content: '{"boats":3}' }],
  ['cut', { content: 'All is', finishReason: 'length' }],
  ['filtered', { content: 'No.', finishReason: 'content_filter' }],
  ['unheard-of', { content: 'All is well.', finishReason: 'tide_out' }],
  [
    'ponder',
    {
      content: 'Wait for the tide.',
      reasoning: 'The tide is out.',
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    },
  ],
  ...[400, 401, 403, 404, 500, 529].map((status): [string, Answer] => [
    String(status),
    { error: { message: 'refused' }, status },
  ]),
  ['fetch', { toolCalls: [{ name: 'http_get', arguments: '{"url":"https://harbour.test/"}' }] }],
];

export const startAimock = async (): Promise<Aimock> => {
  type Package = { LLMock: new (options: { port: number; host: string }) => Server };
  const { LLMock }: Package = requireEngine('@copilotkit/aimock');
  const server = new LLMock({ port: 0, host: '127.0.0.1' });
  for (const [prompt, answer] of played) server.onMessage(prompt, answer);
  await server.start();
  const { url } = server;
  const clear = () => fetch(`${url}/__aimock/chaos`, { method: 'DELETE' });
  return {
    url,
    openai: {
      id: 'openai-compatible/gpt-4o',
      env: { OPENAI_COMPATIBLE_BASE_URL: `${url}/v1` },
      secrets: { OPENAI_COMPATIBLE_API_KEY: 'sk-aimock-key' },
    },
    anthropic: {
      id: 'anthropic/claude-haiku-4-5',
      env: { ANTHROPIC_BASE_URL: url },
      secrets: { ANTHROPIC_API_KEY: 'sk-aimock-key' },
    },
    bedrock: {
      id: 'bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0',
      env: {
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url,
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'aimock-secret-key',
      },
    },
    async chaos(rates) {
      await clear();
      if (Object.keys(rates).length === 0) return;
      const headers = { 'content-type': 'application/json' };
      const set = await fetch(`${url}/__aimock/chaos`, { method: 'POST', headers, body: JSON.stringify(rates) });
      if (!set.ok) throw new Error(`aimock takes no chaos: ${await set.text()}`);
    },
    close: () => server.stop(),
  };
};
