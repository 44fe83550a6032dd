import { describe, expect, it } from 'vitest';
import { attemptEnvironment, attemptStatements, type Providers } from '../../infra/stack/access.ts';
import { Job } from '../../lib/job/job.ts';
import { http, lambda } from '../kit/connection.ts';

const none: Providers = { anthropicKey: 'parameter', anthropicBaseUrl: '', baseUrl: '', key: 'parameter' };
const job = (model: string, more: object = {}): Job =>
  Job.parse({ name: 'j', schedule: { rate: '1 day' }, prompt: 'p', model, ...more });

const bedrock = (...models: string[]) =>
  attemptStatements(
    models.map((model) => job(`bedrock/${model}`)),
    none,
  ).filter(({ Action }) => Action.includes('bedrock:InvokeModel'));
const arn = (rest: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:bedrock:${rest}` });

describe('the attempt function', () => {
  it('may only use the table and its log when no job names a provider or the past-runs tool', () => {
    const statements = attemptStatements([job('scripted/x')], none);
    expect(statements.map(({ Action }) => Action)).toEqual([
      ['dynamodb:GetItem', 'dynamodb:Query'],
      ['dynamodb:PutItem'],
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
    ]);
    expect(attemptEnvironment([job('scripted/x')], none)).toEqual({});
  });

  it('may use the model of a disabled job too, since a person may run it', () => {
    const [on, off] = [true, false].map((enabled) =>
      job('bedrock/amazon.nova-lite-v1:0', { enabled, tools: ['list_runs'] }),
    );
    if (on && off) expect(attemptStatements([off], none)).toEqual(attemptStatements([on], none));
    expect.assertions(1);
  });

  it('may invoke a foundation model in its own Region only', () => {
    expect(bedrock('amazon.nova-lite-v1:0')).toEqual([
      {
        Effect: 'Allow',
        Action: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
        Resource: arn('${AWS::Region}::foundation-model/amazon.nova-lite-v1:0'),
      },
    ]);
  });

  it('may invoke a model in other Regions only through the inference profile that a job names', () => {
    const [profile, model] = bedrock('us.anthropic.claude-sonnet-4-5-20250929-v1:0');
    const resource = arn(
      '${AWS::Region}:${AWS::AccountId}:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    );
    expect(profile?.Resource).toEqual(resource);
    expect(model).toMatchObject({
      Resource: [arn('*::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0')],
      Condition: { StringEquals: { 'bedrock:InferenceProfileArn': resource } },
    });
  });

  it('may invoke a global profile also where AWS names no Region', () => {
    const [, model] = bedrock('global.amazon.nova-2-lite-v1:0');
    expect(model?.Resource).toEqual([
      arn('::foundation-model/amazon.nova-2-lite-v1:0'),
      arn('*::foundation-model/amazon.nova-2-lite-v1:0'),
    ]);
  });

  it('may invoke exactly the ARN that a job names', () => {
    const provisioned = 'arn:aws:bedrock:eu-west-1:111122223333:provisioned-model/abc';
    expect(bedrock(provisioned).map(({ Resource }) => Resource)).toEqual([provisioned]);
  });

  it('may invoke the model behind a profile ARN of a job only through that profile', () => {
    const profile = 'arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/abc';
    const [own, behind] = bedrock(profile);
    expect(own?.Resource).toBe(profile);
    expect(behind).toMatchObject({
      Resource: arn('*::foundation-model/*'),
      Condition: { StringEquals: { 'bedrock:InferenceProfileArn': profile } },
    });
  });

  it('has one permission for a model that two jobs name', () => {
    expect(bedrock('amazon.nova-lite-v1:0', 'amazon.nova-lite-v1:0')).toHaveLength(1);
  });

  it('reads the key of each provider that jobs name, from its configured parameter', () => {
    const jobs = [job('anthropic/claude-sonnet-4-5'), job('openai-compatible/llama')];
    const server: Providers = { ...none, baseUrl: 'https://llm.example.com/v1' };
    expect(attemptEnvironment(jobs, server)).toEqual({
      ANTHROPIC_API_KEY_PARAMETER: '/nightshift/${sls:stage}/anthropic-api-key',
      OPENAI_COMPATIBLE_API_KEY_PARAMETER: '/nightshift/${sls:stage}/openai-compatible-api-key',
      OPENAI_COMPATIBLE_BASE_URL: 'https://llm.example.com/v1',
    });
    const read = attemptStatements(jobs, server).filter(({ Action }) => Action.includes('ssm:GetParameter'));
    expect(read.map(({ Resource }) => Resource)).toEqual(
      ['anthropic', 'openai-compatible'].map((name) => ({
        'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/nightshift/\${sls:stage}/${name}-api-key`,
      })),
    );
    const secret = { ...server, anthropicKey: 'secret' } as const;
    expect(attemptEnvironment(jobs, secret)).toMatchObject({
      ANTHROPIC_API_KEY_SECRET: 'nightshift/${sls:stage}/anthropic-api-key',
    });
    const opened = attemptStatements(jobs, secret).find(({ Action }) =>
      Action.includes('secretsmanager:GetSecretValue'),
    );
    expect(opened?.Resource).toEqual({
      'Fn::Sub': expect.stringMatching(/:secret:nightshift\/\$\{sls:stage\}\/anthropic-api-key-\?{6}$/),
    });
    const open = attemptEnvironment(jobs, { ...server, key: 'none' });
    expect(Object.keys(open)).toEqual(['ANTHROPIC_API_KEY_PARAMETER', 'OPENAI_COMPATIBLE_BASE_URL']);
  });

  it('calls the server at ANTHROPIC_BASE_URL where one is set, as it does here', () => {
    const server = { ...none, anthropicBaseUrl: 'https://gateway.example.com' };
    expect(attemptEnvironment([job('anthropic/claude-sonnet-4-5')], server)).toMatchObject({
      ANTHROPIC_BASE_URL: 'https://gateway.example.com',
    });
    expect(attemptEnvironment([job('scripted/x')], server)).toEqual({});
  });

  it('is not packaged for an OpenAI-compatible model without the address of its server', () => {
    expect(() => attemptEnvironment([job('openai-compatible/llama')], none)).toThrow(
      /openai-compatible\/llama.*openaiCompatibleBaseUrl/,
    );
  });

  it('may read the secrets of the connections that jobs name, and no others, each once', () => {
    const connections = [
      http({ auth: { basic: 'me' }, secret: 'github-token' }),
      http({ hosts: ['b.test'], auth: { basic: 'me' }, secret: 'github-token' }, 'mirror'),
      http({ hosts: ['c.test'], auth: { basic: 'me' }, secret: { name: 'vault', in: 'secrets-manager' } }, 'vault'),
      http({ hosts: ['d.test'], auth: { basic: 'me' }, secret: 'unused' }, 'unused'),
      http({ hosts: ['e.test'] }, 'open'),
    ];
    const jobs = [
      job('scripted/x', { connections: ['github', 'mirror'] }),
      job('scripted/x', { connections: ['vault', 'open'] }),
    ];
    const read = attemptStatements(jobs, none, { connections, kmsKey: '' }).slice(3);
    expect(read.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [
        ['ssm:GetParameter'],
        {
          'Fn::Sub':
            'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/nightshift/${sls:stage}/github-token',
        },
      ],
      [
        ['secretsmanager:GetSecretValue'],
        {
          'Fn::Sub':
            'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:nightshift/${sls:stage}/vault-??????',
        },
      ],
    ]);
  });

  it('may invoke the functions and call the APIs that connections name, and decrypt with the key of one’s own', () => {
    const resource = 'arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/prod/GET/*';
    const connections = [
      lambda(),
      http({ auth: { sigv4: { service: 'execute-api', region: 'eu-west-1', resource } } }, 'own-api'),
    ];
    const key = 'arn:aws:kms:eu-west-1:123456789012:key/1';
    const found = attemptStatements([job('scripted/x', { connections: ['resize', 'own-api'] })], none, {
      connections,
      kmsKey: key,
    });
    expect(found.slice(3).map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['lambda:InvokeFunction'], 'arn:aws:lambda:eu-west-1:123456789012:function:resize'],
      [['execute-api:Invoke'], resource],
      [['kms:Decrypt'], key],
    ]);
  });
});
