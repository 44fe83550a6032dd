import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { expect, it } from 'vitest';
import { functionNames } from '../../../infra/package/build.ts';
import type { Template } from '../../../infra/package/diff.ts';
import { slotAgo } from './deployed-stage.ts';
import { type Deployed, daily, report } from './test-stage.ts';

/** Tests of further deployments: what a stage keeps, and what the diff guard refuses. */
export const changes = (at: () => Deployed): void => {
  const table = async () => {
    const { Table } = await at().stage.dynamo.send(new DescribeTableCommand({ TableName: 'nightshift-test' }));
    return [Table?.TableId, Table?.CreationDateTime];
  };
  const code = async () => {
    const configuration = (name: string) =>
      at().stage.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: `nightshift-test-${name}` }));
    return (await Promise.all(functionNames.map(configuration))).map(({ CodeSha256 }) => CodeSha256);
  };
  const listed = async (): Promise<string[]> => {
    const { stdout } = await at().service.nightshift('runs', '--limit', '100', '--json');
    return JSON.parse(stdout).map(({ run }: { run: string }) => run);
  };

  it('is refused by the diff guard when the table would be replaced or removed', async () => {
    const { service } = at();
    await service.package();
    const file = join(service.root, '.serverless/serverless-state.json');
    const packaged = await readFile(file, 'utf8');
    const refused = async (change: (template: Template) => void): Promise<string> => {
      const state = JSON.parse(packaged);
      change(state.service.provider.compiledCloudFormationTemplate);
      await writeFile(file, JSON.stringify(state));
      const { code, stdout, stderr } = await service.diff();
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      return stderr;
    };
    const properties = ({ Resources }: Template) => Object(Resources.Table?.Properties);
    const turned = await refused((template) => properties(template).KeySchema.reverse());
    expect(turned).toMatch(
      /^Deploying would lose data of stack nightshift-test in eu-west-1:\n {2}Table\.KeySchema: found \[/,
    );
    const renamed = await refused((template) => Object.assign(properties(template), { TableName: 'runs' }));
    expect(renamed).toContain('Table.TableName: found "runs", expected "nightshift-test" as deployed');
    const gone = await refused(({ Resources }) => void delete Resources.Table);
    expect(gone).toContain('Table: found nothing, expected AWS::DynamoDB::Table as deployed');
    await writeFile(file, packaged);
  });

  it('keeps the table, the code and the schedules when nothing has changed', async () => {
    const { service, stage } = at();
    const snapshot = async () => ({
      table: await table(),
      code: await code(),
      schedule: await stage.schedule('report'),
    });
    const before = await snapshot();
    expect(await service.diff()).toMatchObject({
      code: 0,
      stdout: 'No data of stack nightshift-test in eu-west-1 would be removed or replaced.\n',
    });
    await service.deploy();
    expect(await snapshot()).toEqual(before);
  });

  it('changes, disables and removes schedules and keeps the table and every run', async () => {
    const { service, stage, replies } = at();
    for (const job of ['paused', 'dropped']) {
      replies.push({ text: `Of ${job}.` });
      await stage.ended(await stage.fire(job, slotAgo(20)));
    }
    const [before, history] = [await table(), await listed()];
    expect(history.filter((id) => /^(paused|dropped)_/.test(id))).toHaveLength(2);
    const later = daily.replace('0 7', '30 8');
    await service.jobs({
      report: report(later),
      paused: report('{ rate: 1 day }', 'enabled: false\n'),
      dropped: undefined,
    });
    await service.package();
    expect((await service.diff()).code).toBe(0);
    await service.deploy();
    expect((await stage.schedule('report')).ScheduleExpression).toBe('cron(30 8 * * ? *)');
    for (const job of ['paused', 'dropped']) await expect(stage.schedule(job), job).rejects.toThrow(/answered 404/);
    expect(await table()).toEqual(before);
    expect(await listed()).toEqual(history);
    for (const job of ['paused', 'dropped']) {
      const id = history.find((run) => run.startsWith(`${job}_`)) ?? '';
      expect(await service.nightshift('show', id)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`Of ${job}.`),
      });
    }
  });

  it('leaves the watchman nothing to find for changed, disabled and removed jobs', async () => {
    const found = await at().stage.watch();
    expect(found.report).toMatchObject({ drift: [], started: [], missed: [] });
    expect(found.paused).toMatchObject({ drift: [], started: [], missed: [] });
    expect(found).not.toHaveProperty('dropped');
  });

  it('runs the jobs as the last deployment declares them', async () => {
    const { service, replies } = at();
    replies.push({ text: 'By hand, though it is paused.' });
    const paused = await service.nightshift('run', 'paused');
    expect(paused).toMatchObject({ code: 0, stdout: expect.stringContaining('though it is paused') });
    const dropped = await service.nightshift('run', 'dropped');
    expect(dropped).toMatchObject({ stdout: '', stderr: expect.stringContaining('there is no job "dropped"') });
    // Where MiniStack differs from AWS: it drops the failure name, so the command exits with 3 (crash) instead of 2 (UnknownJob).
    expect(dropped.code).toBe(3);
  });
};
