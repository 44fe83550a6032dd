import { expect, test } from 'vitest';
import { commandLine, examples } from '../../infra/cli/command-line.ts';
import { commandJson } from '../../infra/cli/contract/contract.ts';
import type { Terminal } from '../../infra/cli/print/terminal.ts';
import { swallowedOptions } from '../../infra/cli/swallowed.ts';

const nowhere: Terminal = { columns: 80, print() {}, say() {}, show() {} };
const program = () => commandLine({ out: nowhere, err: nowhere, ended() {} }, '1.2.3');
const names = program().commands.map((command) => command.name());

/** The words of a shell line: quotes hold blanks together. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

test('every command has an example that the command line takes, and a schema for its JSON', async () => {
  expect(Object.keys(examples).sort()).toEqual(names.toSorted());
  expect(Object.keys(commandJson).sort()).toEqual([...names, 'version'].sort());
  for (const [name, example] of Object.entries(examples)) {
    const called: string[] = [];
    const made = program();
    for (const command of made.commands) command.action(() => void called.push(command.name()));
    const [npx, nightshift, ...args] = words(example);
    expect([npx, nightshift]).toEqual(['npx', 'nightshift']);
    await made.parseAsync(args, { from: 'user' });
    expect(called).toEqual([name]);
  }
});

test('every help text fits in 80 columns and lists what there is', () => {
  const made = program();
  for (const command of [made, ...made.commands]) {
    const help = command.configureOutput({ getOutHelpWidth: () => 80 }).helpInformation();
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }
  for (const name of names) expect(made.helpInformation()).toContain(`\n  ${name} `);
});

test.each([
  [['runs'], { npm_config_json: 'true' }, ['--json']],
  [['pause', 'a'], { npm_config_stage: 'prod', npm_config_dry_run: 'true' }, ['--stage', '--dry-run']],
  [['runs', '--json'], { npm_config_json: 'true' }, []],
  [['runs', '--stage=dev'], { npm_config_stage: 'dev' }, []],
  [['runs'], { npm_config_json: '' }, []],
  [['runs'], { npm_config_json: 'true', npm_lifecycle_event: 'npx' }, []],
  [['runs'], { npm_config_json: 'true', npm_lifecycle_event: undefined }, []],
])('of %j under %j npm has kept %j', (argv, env, expected) => {
  const known = ['json', 'stage', 'dry-run'];
  expect(swallowedOptions(known, argv, { npm_lifecycle_event: 'nightshift', ...env })).toEqual(expected);
});
