import { Command, Option } from 'commander';
import type { CommandJson } from './contract/contract.ts';
import { contractVersion } from './contract/contract.ts';
import { between, declaring, local, placed, several, usualData } from './option.ts';
import type { Terminal } from './print/terminal.ts';

/** Where commands print. `ended` takes the exit code of a command that has run. */
export type Outputs = { out: Terminal; err: Terminal; ended(exitCode: number): void };

/** How a command is called, by its name. README shows it, and a test parses it. */
export const examples: Record<string, string> = {
  run: 'npx nightshift run night-report',
  retry: 'npx nightshift retry night-report_20261122T060000Z',
  backfill: 'npx nightshift backfill night-report --from 2026-11-01 --max 2 --dry-run',
  stop: 'npx nightshift stop night-report_20261122T060000Z --stage prod',
  forget: 'npx nightshift forget night-report_20261122T060000Z --stage prod',
  pause: 'npx nightshift pause night-report --note holiday --until "2026-12-27 09:00"',
  resume: 'npx nightshift resume night-report',
  repair: 'npx nightshift repair night-report --dry-run',
  runs: 'npx nightshift runs --job night-report --days 30',
  show: 'npx nightshift show night-report_20261122T060000Z',
  logs: 'npx nightshift logs night-report_20261122T060000Z --stage prod',
  why: 'npx nightshift why night-report 2026-11-22 07:00',
  jobs: 'npx nightshift jobs --stage prod',
  next: 'npx nightshift next night-report --count 5',
  forecast: 'npx nightshift forecast night-report --days 30',
  init: 'npx nightshift init tide-table --schedule "0 6 * * ? *" --model scripted/night-report --prompt "Write the tide table."',
  check: 'npx nightshift check',
  connections: 'npx nightshift connections test github',
  secrets: 'npx nightshift secrets set github-token --stage prod',
  dev: 'npx nightshift dev',
};

const times = `
Times are in the time zone of the job: "2026-11-25 09:00", or 09:00 for today.
A slot is in UTC: 2026-11-25T08:00:00Z.`;

const exitText = `
Exit codes:
  0    done; or the run succeeded
  1    the run failed or was skipped
  2    bad input, or job files with problems
  3    the service or its table cannot be reached
  130  Ctrl-C ended the watching; the run goes on

For programs: add --json. Fields and schemas: infra/cli/README.md`;

const versionText = (version: string, asJson: boolean): string =>
  asJson ? JSON.stringify({ version, contract: contractVersion } satisfies CommandJson['version']) : version;

/** A command as the list shows it. Every command has options, so the list does not say so. */
const termOf = (command: Command): string =>
  [
    command.name(),
    ...command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)),
  ].join(' ');

/** The whole command line. Each action loads its own command. */
export const commandLine = ({ out, err, ended }: Outputs, version: string, asJson = false): Command => {
  const program = new Command('nightshift')
    .usage('<command> [options]')
    .description('Runs scheduled agents, and shows what they did: on this machine or at a deployed\nstage (--stage).')
    .version(versionText(version, asJson), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ subcommandTerm: termOf })
    .exitOverride()
    .showHelpAfterError('(npx nightshift help [command] lists the options)')
    .addHelpText('after', exitText);

  const command = (words: string, description: string): Command => {
    const [name = ''] = words.split(' ');
    return program
      .command(words)
      .description(description)
      .helpOption('-h, --help', 'print this help')
      .option('--json', 'print JSON, for programs')
      .addHelpText('after', `\nExample:\n  ${examples[name]}`);
  };
  const watched = (options: { json?: boolean }) => ({ progress: options.json ? err : out, answer: out });

  program.commandsGroup('Look (these change nothing):');
  declaring(placed(command('runs', 'list recent runs, the newest first')))
    .option('--job <name>', 'runs of this job only')
    .option('--days <n>', 'how many days back', between(1, 400), 7)
    .option('--limit <n>', 'how many runs at most', between(1, 10_000), 20)
    .action(async (options) => ended(await (await import('./command/runs.ts')).runs(options, out)));
  placed(command('show <run>', 'show a run: attempts, prompts, every step')).action(async (id, options) =>
    ended(await (await import('./command/show.ts')).show(id, options, out)),
  );
  placed(command('logs <run>', 'print the log lines of a run'))
    .option('--limit <n>', 'how many lines at most', between(1, 10_000), 1000)
    .action(async (id, options) => ended(await (await import('./command/logs.ts')).logs(id, options, out)));
  declaring(placed(command('why <job> <time...>', 'say why a job did or did not run at a time')))
    .addHelpText('after', times)
    .action(async (job, time, options) =>
      ended(await (await import('./command/why.ts')).why(job, time, options, usualData, out)),
    );
  declaring(placed(command('jobs', 'list the jobs: next slot, last outcome, spending'))).action(async (options) =>
    ended(await (await import('./command/jobs.ts')).jobs(options, out)),
  );
  declaring(placed(command('next <job>', 'list the next slots of a job')))
    .option('--count <n>', 'how many slots', between(1, 1000), 10)
    .action(async (job, options) => ended(await (await import('./command/next.ts')).next(job, options, out)));
  declaring(placed(command('forecast <job>', 'estimate how often a job runs and what it costs')))
    .option('--days <n>', 'how many days ahead', between(1, 366), 30)
    .action(async (job, options) => ended(await (await import('./command/forecast.ts')).forecast(job, options, out)));

  program.commandsGroup('Act:');
  declaring(placed(command('run <job>', 'start a run and watch it to its end')))
    .option('--slot <instant>', 'slot of the run, UTC, like 2026-11-22T07:00:00Z (default: now)')
    .option('--model <id>', 'use this model, like anthropic/claude-sonnet-4-5')
    .option('--suffix <word>', 'tell this run from others of the same slot (default: manual)')
    .addOption(
      new Option('--scheduled', 'deliver the slot as the schedule does; needs --slot').conflicts(['model', 'suffix']),
    )
    .addHelpText('after', '\nUse --scheduled for a slot from the dead-letter queue.')
    .action(async (job, options) =>
      ended(await (await import('./command/run.ts')).run(job, options, usualData, watched(options))),
    );
  declaring(placed(command('retry <run>', 'run the slot of an ended run once more, and watch'))).action(
    async (id, options) =>
      ended(await (await import('./command/retry.ts')).retry(id, options, usualData, watched(options))),
  );
  declaring(placed(command('backfill <job>', 'run a job for past slots without a success')))
    .requiredOption('--from <time>', 'start of the range')
    .option('--to <time>', 'end of the range, included (default: now)')
    .option('--max <n>', 'how many runs at a time', between(1, 50), 2)
    .option('--limit <n>', 'how many slots the range may hold', between(1, 100_000), 1000)
    .option('--dry-run', 'print the slots and the expected cost, start nothing')
    .addHelpText('after', times)
    .action(async (job, options) =>
      ended(await (await import('./command/backfill.ts')).backfill(job, options, watched(options))),
    );
  placed(command('stop <run>', 'stop an open run; it ends as ExecutionAborted')).action(async (id, options) =>
    ended(await (await import('./command/stop.ts')).stop(id, options, usualData, out)),
  );
  placed(command('forget <run>', 'hide the result of a run from later runs; the run stays'))
    .option('--undo', 'show it again')
    .option('--by <name>', 'your name (default: the user of this machine)')
    .action(async (id, options) => ended(await (await import('./command/forget.ts')).forget(id, options, out)));
  declaring(placed(command('pause <job>', 'skip the slots of a job until it is resumed')))
    .option('--note <text>', 'the reason: each skipped slot shows it')
    .option('--until <time>', 'end of the pause (default: until it is resumed)')
    .option('--by <name>', 'your name (default: the user of this machine)')
    .addHelpText('after', times)
    .action(async (job, options) => ended(await (await import('./command/pause.ts')).pause(job, options, out)));
  declaring(placed(command('resume <job>', 'end the pause of a job, and close its breaker'))).action(
    async (job, options) => ended(await (await import('./command/resume.ts')).resume(job, options, out)),
  );

  declaring(placed(command('repair <job>', 'mend items of a job that cannot be read')))
    .option('--dry-run', 'say what would be mended, change nothing')
    .action(async (job, options) => ended(await (await import('./command/repair.ts')).repair(job, options, out)));

  program.commandsGroup('Connections:');
  declaring(placed(command('connections [action] [name]', 'list the connections, or `test` one'))).action(
    async (action, name, options) =>
      ended(await (await import('./command/connections.ts')).connections([action, name], options, out)),
  );
  declaring(placed(command('secrets [action] [name]', 'list the secrets of connections, or `set` one')))
    .option('--kms-key <arn>', 'KMS key that encrypts a new secret of a stage')
    .addHelpText('after', '\nA value is asked for, or read from standard input. It is never an option.')
    .action(async (action, name, options) => {
      const [{ secrets }, { askHidden }, { dotenvPath }] = await Promise.all([
        import('./command/secrets.ts'),
        import('./command/ask.ts'),
        import('./client/dotenv.ts'),
      ]);
      const ask = askHidden(process.stdin, process.stderr);
      ended(await secrets([action, name], options, { ask, input: process.stdin, file: dotenvPath }, out));
    });

  program.commandsGroup('On this machine:');
  declaring(command('init <job>', 'write a new job file; ask for what is missing'))
    .option('--schedule <when>', 'a cron ("0 7 * * ? *"), a rate ("1 hour") or a time (2026-12-24T18:00:00)')
    .option('--timezone <zone>', 'time zone of the schedule (default: that of this machine)')
    .option('--model <id>', 'model, like anthropic/claude-sonnet-4-5 or scripted/night-report')
    .option('--prompt <text>', 'what the job is to do')
    .option('--description <text>', 'one sentence for people')
    .option('--tool <name>', 'a tool that the model may call; may be repeated', several)
    .option('--allow <host>', 'a host that tools may reach; may be repeated', several)
    .action(async (job, options) => {
      const [{ init }, { askOn }] = await Promise.all([import('./command/init.ts'), import('./command/ask.ts')]);
      ended(await init(job, options, usualData, { out, err, ask: askOn(process.stdin, process.stderr) }));
    });
  declaring(command('check', 'check every file of jobs and connections')).action(async (options) =>
    ended(await (await import('./command/check.ts')).check(options, out)),
  );
  declaring(local(command('dev', 'fire every job at its slots until Ctrl-C')))
    .addHelpText(
      'after',
      `
Prints one line for each event. Reads job files, scripts and holidays again when
they change. A slot that was due while dev did not run is not fired late: the
watchman records it or starts it, by the job's catchUp.

Exit codes:
  0  Ctrl-C ended it; open runs go on
  2  job files with problems at the start
  3  the local service does not start`,
    )
    .action(async (options) => ended(await (await import('./command/dev.ts')).dev(options, out)));
  program.helpCommand('help [command]', 'print the help of a command');
  return program;
};
