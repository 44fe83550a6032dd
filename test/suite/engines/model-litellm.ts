import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Opening } from '../../kit/open-model.ts';
import { freePort, running } from './engine-process.ts';
import { pythonOf } from './install-engines.ts';

const key = 'sk-litellm-engine-key';

const mocked = (name: string, answer: string) => ({
  model_name: name,
  litellm_params: { model: 'openai/gpt-4o-mini', api_key: 'none', mock_response: answer },
});
const behind = (name: string, base: string) => ({
  model_name: name,
  litellm_params: { model: 'openai/gpt-4o-mini', api_key: 'none', api_base: base },
});

/** What the proxy knows: answers and errors of its own, and `behind`, for which it asks the server at `base`. */
const config = (base: string) => ({
  general_settings: { master_key: key },
  router_settings: { num_retries: 0, disable_cooldowns: true },
  model_list: [
    mocked('plain', 'All is well at the harbour.'),
    mocked('throttled', 'litellm.RateLimitError'),
    mocked('broken', 'litellm.InternalServerError'),
    behind('behind', `${base}/v1`),
    behind('gone', 'http://127.0.0.1:9/v1'),
  ],
});

/** LiteLLM's proxy, which speaks for other providers on the wires of OpenAI and Anthropic. */
export const startLiteLlm = async (base: string) => {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-litellm-'));
  const file = join(dir, 'config.yaml');
  await writeFile(file, JSON.stringify(config(base)));
  const port = await freePort();
  const args = ['--config', file, '--host', '127.0.0.1', '--port', String(port), '--telemetry', 'False'];
  const env = { PATH: process.env.PATH, HOME: dir, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
  const { url, close } = await running('LiteLLM', port, spawn(pythonOf('models', 'litellm'), args, { cwd: dir, env }));
  const wires = (model: string): Record<'openai' | 'anthropic', Opening> => ({
    openai: {
      id: `openai-compatible/${model}`,
      env: { OPENAI_COMPATIBLE_BASE_URL: `${url}/v1` },
      secrets: { OPENAI_COMPATIBLE_API_KEY: key },
    },
    anthropic: { id: `anthropic/${model}`, env: { ANTHROPIC_BASE_URL: url }, secrets: { ANTHROPIC_API_KEY: key } },
  });
  return {
    wires,
    close: async () => {
      await close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
