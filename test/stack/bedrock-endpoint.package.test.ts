import { afterEach, expect, it, vi } from 'vitest';
import { project, removed } from '../kit/project.ts';
import { template } from '../kit/template.ts';

const job = (model: string) => ({ report: `schedule: { rate: 1 hour }\nmodel: ${model}\nprompt: Go.\n` });
const packaged = async (model: string) => template(await project(job(model)), ['--stage', 'test']);

afterEach(async () => {
  vi.unstubAllEnvs();
  await removed();
});

it('another endpoint of Bedrock stops the package of a job that uses it here and would not when deployed', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'http://127.0.0.1:1');
  await expect(packaged('bedrock/amazon.nova-lite-v1:0')).rejects.toThrow(
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME: found a value, expected none: report would use AWS's own endpoint when deployed",
  );
  expect((await packaged('anthropic/claude-haiku-4-5')).types()).toContain('AWS::DynamoDB::Table');
});
