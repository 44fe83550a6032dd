import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { declared } from '../../infra/package/package.ts';
import { project, removed } from '../kit/project.ts';
import { template } from '../kit/template.ts';

const secret = 'the-operators-secret';

/** What osls or CloudFormation would put something else in place of. */
const variables = [
  '${env:NIGHTSHIFT_TEST_SECRET}',
  '${self:service}',
  '${sls:stage}',
  '${opt:stage}',
  '${param:alarmEmail}',
  '${file(infra/roles.yml)}',
  '${aws:accountId}',
  '${ssm:/nightshift/key}',
  '${cf:other.Output}',
  '${AWS::AccountId}',
  '${AttemptRole.Arn}',
  '{{resolve:ssm:/nightshift/key}}',
  '{{resolve:secretsmanager:key}}',
];
const quoted = (text: string) => JSON.stringify(text);
/** The same text in a prompt, where the first character of a placeholder is doubled. */
const inPrompt = (text: string) => quoted(text.replaceAll('${', () => '$${'));

/** One job for each variable: it stands in every field that takes any text. */
const jobs = Object.fromEntries(
  variables.map((text, at) => [
    `job-${at}`,
    `description: ${quoted(`uses ${text}`)}
schedule: { rate: 1 day }
model: anthropic/claude-sonnet-4-5
system: ${inPrompt(text)}
prompt: ${inPrompt(text)}
result: { type: object, description: ${quoted(text)}, properties: { ${quoted(text)}: { type: string, enum: [${quoted(text)}] } } }
`,
  ]),
);

let root: string;
let made: Awaited<ReturnType<typeof template>>;

beforeAll(async () => {
  vi.stubEnv('NIGHTSHIFT_TEST_SECRET', secret);
  root = await project(jobs);
  made = await template(root, ['--stage', 'test']);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await removed();
});

describe('the text of a job file', () => {
  it('is no variable of osls or CloudFormation: a description has parentheses in place of braces', () => {
    const found = made.ofType('AWS::Scheduler::Schedule').map(([, { Properties }]) => Properties);
    const described = Object.fromEntries(found.map(({ Name, Description }) => [Name, Description]));
    expect(described).toMatchObject(
      Object.fromEntries(
        variables.map((text, at) => [`job-${at}`, `uses ${text.replaceAll('{', '(').replaceAll('}', ')')}`]),
      ),
    );
  });

  it('leaves nothing of the shell, and no reference of its own, in anything that is deployed', async () => {
    const dir = join(root, '.serverless');
    const files = await readdir(dir);
    expect(files).toContain('cloudformation-template-update-stack.json');
    for (const file of files) {
      const text = await readFile(join(dir, file), 'utf8');
      expect(text, file).not.toContain(secret);
      expect(text, file).not.toContain('{{resolve');
      expect(text, file).not.toContain('NIGHTSHIFT_TEST_SECRET}');
    }
  });

  it.each([
    [
      'name',
      (text: string) => [
        text.replaceAll('/', '-'),
        'schedule: { rate: 1 day }\nmodel: scripted/night-report\nprompt: x\n',
      ],
    ],
    [
      'model',
      (text: string) => ['other', `schedule: { rate: 1 day }\nmodel: ${quoted(`bedrock/${text}`)}\nprompt: x\n`],
    ],
    [
      'cron',
      (text: string) => ['other', `schedule: { cron: ${quoted(text)} }\nmodel: scripted/night-report\nprompt: x\n`],
    ],
    [
      'rate',
      (text: string) => ['other', `schedule: { rate: ${quoted(text)} }\nmodel: scripted/night-report\nprompt: x\n`],
    ],
    ['at', (text: string) => ['other', `schedule: { at: ${quoted(text)} }\nmodel: scripted/night-report\nprompt: x\n`]],
    [
      'timezone',
      (text: string) => [
        'other',
        `schedule: { rate: 1 day, timezone: ${quoted(text)} }\nmodel: scripted/night-report\nprompt: x\n`,
      ],
    ],
    [
      'start',
      (text: string) => [
        'other',
        `schedule: { rate: 1 day, start: ${quoted(text)} }\nmodel: scripted/night-report\nprompt: x\n`,
      ],
    ],
    [
      'end',
      (text: string) => [
        'other',
        `schedule: { rate: 1 day, end: ${quoted(text)} }\nmodel: scripted/night-report\nprompt: x\n`,
      ],
    ],
    [
      'allow',
      (text: string) => [
        'other',
        `schedule: { rate: 1 day }\nmodel: scripted/night-report\nprompt: x\nallow: [${quoted(text)}]\n`,
      ],
    ],
    [
      'tools',
      (text: string) => [
        'other',
        `schedule: { rate: 1 day }\nmodel: scripted/night-report\nprompt: x\ntools: [${quoted(text)}]\n`,
      ],
    ],
  ] as const)('is refused by its file where it stands as the %s', async (_, written) => {
    for (const variable of variables) {
      const [name = '', text = ''] = written(variable);
      const own = await project({});
      await writeFile(join(own, 'infra/jobs', `${name}.yml`), text);
      await expect(declared(own), variable).rejects.toMatchObject({ name: 'InvalidJob' });
    }
  });
});
