import { expect, onTestFinished, test } from 'vitest';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { stage } from '../../kit/local-stage.ts';
import { anthropicModel, bedrockModel, openaiCompatibleModel, type StartModelServer } from '../../kit/model-servers.ts';
import { temporaryDirectory } from '../../kit/temporary-directory.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';

const slot = slotAt(new Date(Date.now() - 60_000));
const run = `report_${slot.replaceAll(/[-:]/g, '')}`;

const report = (model: string) => `
schedule: { rate: 1 hour }
model: ${model}
prompt: Write the report.
tools: [list_runs]
result: { type: object, required: [quiet] }
`;
const replies = [{ calls: [{ name: 'list_runs', input: {} }] }, { text: '{"quiet": true}' }];

const defined = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** SSM and Secrets Manager, as far as a key is read from them. */
const keeper = async (value: string) => {
  const asked: string[] = [];
  const { origin, close } = await listen(async (request, response) => {
    const action = String(request.headers['x-amz-target']);
    asked.push(`${action} ${(await readBody(request)).toString('utf8')}`);
    const body = action.startsWith('AmazonSSM') ? { Parameter: { Value: value } } : { SecretString: value };
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
  onTestFinished(close);
  return { origin, asked };
};

/** One run of a typed job with a tool, by the packaged functions, on a provider's server. */
const outcomeOn = async (start: StartModelServer, change: (env: Record<string, string>) => Record<string, string>) => {
  const server = await start(replies);
  onTestFinished(() => server.close());
  const env = change({ ...defined(server.env), ...server.secrets });
  const { deliver, ended } = await stage(temporaryDirectory(), { report: report(server.id) }, env);
  await deliver({ job: 'report', slot });
  return (await ended(run)).outcome;
};

test.each<[string, StartModelServer]>([
  ['Anthropic', anthropicModel],
  ['Bedrock', bedrockModel],
  ['an OpenAI-compatible server', openaiCompatibleModel],
])('the packaged functions run a typed job with a tool on %s', async (_name, start) => {
  expect(await outcomeOn(start, (env) => env)).toMatchObject({ status: 'succeeded', attempts: 1, steps: 2 });
});

test.each([
  ['an SSM parameter', 'PARAMETER', 'AmazonSSM.GetParameter'],
  ['a Secrets Manager secret', 'SECRET', 'secretsmanager.GetSecretValue'],
])('the packaged functions read a key from %s', async (_name, kind, action) => {
  const { origin, asked } = await keeper('sk-ant-very-secret');
  const keyless = await outcomeOn(anthropicModel, ({ ANTHROPIC_API_KEY: _, ...env }) => ({
    ...env,
    [`ANTHROPIC_API_KEY_${kind}`]: 'nightshift/test/key',
    AWS_ENDPOINT_URL_SSM: origin,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: origin,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }));
  expect(keyless).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(asked[0]).toContain(action);
  expect(asked[0]).toContain('nightshift/test/key');
});
