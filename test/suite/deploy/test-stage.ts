import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type ModelServer, openaiCompatibleModel } from '../../kit/model-servers.ts';
import type { Reply } from '../../kit/wire/anthropic-reply.ts';
import { type AnthropicServer, anthropicServer } from '../../kit/wire/anthropic-server.ts';
import { deployedStage } from './deployed-stage.ts';
import { type Cloud, startCloud } from './emulated-cloud.ts';
import { type Service, service } from './user-project.ts';

const agent = (model: string, schedule: string, more = '') =>
  `schedule: ${schedule}\nmodel: ${model}\nsystem: You write reports.\nprompt: Write the report of \${date}.\n${more}`;
const tools = 'tools: [list_runs, previous_result]\n';
const claude = 'anthropic/claude-sonnet-4-5';
/** A Bedrock model behind an inference profile for several Regions, and one in this Region. */
const [profile, nova] = ['bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0', 'bedrock/amazon.nova-lite-v1:0'];

/** A daily schedule that was due 20 minutes ago. */
const justDue = (): string => {
  const due = new Date(Date.now() - 20 * 60_000);
  return `{ cron: ${due.getUTCMinutes()} ${due.getUTCHours()} * * ? * }`;
};

/** A one-time schedule in an hour. */
const soon = (): string => `{ at: "${new Date(Date.now() + 3_600_000).toJSON().slice(0, 16)}:00" }`;

export const daily = '{ cron: 0 7 * * ? *, timezone: Europe/Amsterdam }';
export const report = (schedule: string, more = ''): string => agent(claude, schedule, `${tools}${more}`);

const jobs = {
  report: report(daily),
  paused: report('{ rate: 1 day }'),
  dropped: report('{ rate: 2 days }'),
  elsewhere: agent('openai-compatible/local', '{ rate: 3 days }'),
  'eu-bedrock': agent(profile, '{ rate: 4 days }'),
  'own-bedrock': agent(nova, '{ rate: 5 days }'),
  queued: report('{ rate: 6 days }', 'overlap: queue-one\n'),
  newest: report('{ rate: 7 days }', 'overlap: cancel-previous\n'),
  lost: report(justDue()),
  once: report(soon()),
  strict: report(justDue(), 'catchUp: { policy: none }\n'),
};

/** A service deployed to its own cloud, with model servers. `replies` are Claude's next replies; a promise delays its reply. */
export type Deployed = {
  cloud: Cloud;
  service: Service;
  stage: ReturnType<typeof deployedStage>;
  claude: AnthropicServer;
  other: ModelServer;
  replies: (Reply | Promise<Reply>)[];
  close(): Promise<void>;
};

/** Packages and deploys the stage `test`. One provider's key is a parameter, the other's a secret. */
export const deployed = async (): Promise<Deployed> => {
  const replies: Deployed['replies'] = [];
  const server = await anthropicServer({ reply: () => replies.shift() ?? { error: 500, message: 'script is over' } });
  const other = await openaiCompatibleModel([{ text: 'From elsewhere.' }]);
  const cloud = await startCloud();
  const params = ['anthropicApiKey=secret', `openaiCompatibleBaseUrl=${other.env.OPENAI_COMPATIBLE_BASE_URL}`];
  const own = await service(cloud, { jobs, stage: 'test', params, functionEnv: { ANTHROPIC_BASE_URL: server.url } });
  await own.package();
  await own.deploy();
  const [ssm, secrets] = [new SSMClient(cloud.client), new SecretsManagerClient(cloud.client)];
  const key = { Name: 'nightshift/test/anthropic-api-key', SecretString: server.key };
  const Name = '/nightshift/test/openai-compatible-api-key';
  await secrets.send(new CreateSecretCommand(key));
  await ssm.send(new PutParameterCommand({ Name, Type: 'SecureString', Value: 'sk-of-the-other' }));
  const stage = deployedStage(cloud, 'test');
  return {
    cloud,
    service: own,
    stage,
    claude: server,
    other,
    replies,
    close: async () => {
      for (const client of [stage, ssm, secrets]) 'close' in client ? client.close() : client.destroy();
      await Promise.all([cloud.close(), server.close(), other.close()]);
    },
  };
};
