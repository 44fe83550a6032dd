import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { functionNames } from '../../../infra/package/build.ts';
import { project } from '../../kit/project.ts';
import { type Cloud, region } from './emulated-cloud.ts';
import { ofThisCloud } from './role-grants.ts';

type Said = { code: number; stdout: string; stderr: string };

const command = (cwd: string, env: Record<string, string>, words: string[]): Promise<Said> =>
  new Promise((resolve) => {
    execFile(process.execPath, words, { cwd, env }, (thrown, stdout, stderr) => {
      resolve({ code: thrown === null ? 0 : Number(thrown.code ?? 1), stdout, stderr });
    });
  });

const succeeded = (what: string, said: Said): Said => {
  if (said.code === 0) return said;
  throw new Error(`${what}: exit ${said.code}\n${said.stdout}\n${said.stderr}`);
};

type Resource = {
  Type: string;
  Properties: { Metrics?: unknown; Environment?: { Variables: Record<string, string> }; Policies?: unknown[] };
};

/** Where MiniStack's IAM differs from AWS's: it treats every schedule as one of the group `default`. */
const everySchedule = {
  PolicyName: ofThisCloud,
  PolicyDocument: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['scheduler:GetSchedule', 'scheduler:DeleteSchedule'],
        Resource: `arn:aws:scheduler:${region}:000000000000:schedule/default/*`,
      },
    ],
  },
};

/** Where MiniStack's IAM differs from AWS's: it knows no `dynamodb:LeadingKeys`, and refuses what is allowed under that condition. */
const everyKey = {
  PolicyName: ofThisCloud,
  PolicyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: { 'Fn::GetAtt': ['Table', 'Arn'] } }],
  },
};

const logicalId = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction`;

/** A project of its own on a cloud, used through its commands. Each command is a process. */
export type Service = {
  root: string;
  stage: string;
  /** Writes job files; undefined removes one. */
  jobs(files: Record<string, string | undefined>): Promise<void>;
  /** Runs `npm run package`. */
  package(): Promise<Said>;
  /** Runs the diff guard. */
  diff(): Promise<Said>;
  /** Runs `npx osls deploy --package .serverless`. */
  deploy(): Promise<Said>;
  /** Runs `npx nightshift …` for this stage. */
  nightshift(...words: string[]): Promise<Said>;
};

/**
 * Makes a package deployable on MiniStack by editing the template in osls's state file: it adds `functionEnv` and policies for schedules
 * and keys, and removes the alarms on a metric expression.
 */
const forMiniStack = async (root: string, cloud: Cloud, functionEnv: Record<string, string>): Promise<void> => {
  const file = join(root, '.serverless/serverless-state.json');
  const state = JSON.parse(await readFile(file, 'utf8'));
  const resources: Record<string, Resource> = state.service.provider.compiledCloudFormationTemplate.Resources;
  for (const [id, { Type, Properties }] of Object.entries(resources)) {
    if (Type === 'AWS::CloudWatch::Alarm' && Properties.Metrics !== undefined) delete resources[id];
  }
  for (const name of functionNames) {
    Object.assign(
      Object(resources[logicalId(name)]?.Properties.Environment).Variables,
      cloud.functionEnv(name),
      functionEnv,
    );
  }
  resources.WatchmanRole?.Properties.Policies?.push(everySchedule);
  for (const role of ['AttemptRole', 'TriageRole']) resources[role]?.Properties.Policies?.push(everyKey);
  await writeFile(file, JSON.stringify(state));
};

export type ServiceOptions = {
  jobs: Record<string, string>;
  stage: string;
  params?: string[];
  /** Environment of the functions on this cloud only. */
  functionEnv?: Record<string, string>;
};

export const service = async (cloud: Cloud, options: ServiceOptions): Promise<Service> => {
  const { stage, params = [], functionEnv = {} } = options;
  const root = await project(options.jobs);
  const at = ['--stage', stage];
  const args = [...at, ...params.flatMap((param) => ['--param', param])];
  const run = (...words: string[]) => command(root, { ...cloud.env, HOME: root }, words);
  return {
    root,
    stage,
    jobs: async (files) => {
      for (const [name, text] of Object.entries(files)) {
        const file = join(root, 'infra/jobs', `${name}.yml`);
        await (text === undefined ? rm(file) : writeFile(file, text));
      }
    },
    package: async () => succeeded('package', await run('infra/package/package.ts', ...args)),
    diff: () => run('infra/package/diff.ts', ...args),
    deploy: async () => {
      await forMiniStack(root, cloud, functionEnv);
      const osls = ['node_modules/osls/bin/serverless.js', 'deploy', '--package', '.serverless'];
      return succeeded('osls deploy', await run(...osls, ...args));
    },
    nightshift: (...words) => run('infra/cli/nightshift.mjs', ...words, ...at),
  };
};
