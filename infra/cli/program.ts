import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { projectPath } from './client/job-files.ts';
import { regionOf, type Target } from './client/target.ts';
import { exitCodes, exitOf } from './print/exit.ts';
import { terminal } from './print/terminal.ts';

const out = terminal(process.stdout, process.env);
const err = terminal(process.stderr, process.env);
const usualData = projectPath('.nightshift');

const between = (least: number, most: number) => (text: string) => {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
};

const stageName = (text: string) => {
  if (/^[A-Za-z0-9-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 40 letters, digits and -.');
};

/** The deployed stage that was asked, for error messages. */
let asked: string | undefined;

const program = new Command('nightshift')
  .description('Runs scheduled agents by hand and shows what they did, here or in a deployed stage.')
  .exitOverride()
  .showHelpAfterError('(--help lists what there is)')
  .hook('preAction', (_, action) => {
    const place = action.opts<Target>();
    if (place.stage !== undefined) asked = `stage ${place.stage} in ${regionOf(place)}`;
  })
  .addHelpText(
    'after',
    `
Exit codes: 0 done, or the run succeeded; 1 the run failed or was skipped; 2 bad input; 3 the service or its table
could not be reached; 130 stopped watching.
For programs: npm run --silent nightshift -- runs --json`,
  );

/** A command with the options that every one has. Subcommands made by \`command\` take over the settings above. */
const command = (words: string, description: string): Command =>
  program.command(words).description(description).option('--json', 'print JSON, for programs');

const placed = (made: Command): Command =>
  made
    .option('--stage <name>', 'a deployed stage, with your AWS credentials (default: the local service)', stageName)
    .option('--region <name>', 'the Region of the stage (default: AWS_REGION, else eu-west-1)')
    .option('--data <dir>', 'where the local service keeps its data', usualData);

const declaring = (made: Command): Command =>
  made.option('--infra <dir>', 'the directory that holds jobs/ and scripts/', projectPath('infra'));

declaring(placed(command('run <job>', 'start a run of a job and watch it to its end')))
  .option('--slot <instant>', 'the slot it is for, UTC, like 2026-11-22T07:00:00Z (default: now)')
  .option('--model <id>', 'another model than the job names, like anthropic/claude-sonnet-4-5')
  .option('--suffix <word>', "tells this run from the schedule's own of the same slot (default: manual)")
  .addOption(
    new Option(
      '--scheduled',
      'deliver a slot as its schedule does: for a slot from the dead letters (needs --slot)',
    ).conflicts(['model', 'suffix']),
  )
  .addHelpText('after', '\nWith --json the run, its attempts, steps and result come on stdout, progress on stderr.')
  .action(async (job, options) => {
    const { run } = await import('./command/run.ts');
    process.exitCode = await run(job, options, usualData, { progress: options.json ? err : out, answer: out });
  });

declaring(placed(command('runs', 'list recent runs, the newest first')))
  .option('--job <name>', 'only the runs of this job')
  .option('--days <n>', 'how far back, in days, the slots of the runs may lie', between(1, 400), 7)
  .option('--limit <n>', 'how many runs at most', between(1, 10_000), 20)
  .action(async (options) => {
    const { runs } = await import('./command/runs.ts');
    process.exitCode = await runs(options, out);
  });

placed(command('show <run>', 'show a run: its attempts, their prompts and every step')).action(async (id, options) => {
  const { show } = await import('./command/show.ts');
  process.exitCode = await show(id, options, out);
});

declaring(placed(command('why <job> <time...>', 'say why a job did or did not run at a time, or when it will')))
  .addHelpText(
    'after',
    "\nTimes are local to the job's zone (2026-11-25 09:00, or 09:00 for today), or a slot in UTC (2026-11-25T08:00:00Z).",
  )
  .action(async (job, time, options) => {
    const { why } = await import('./command/why.ts');
    process.exitCode = await why(job, time, options, usualData, out);
  });

declaring(
  placed(command('retry <run>', 'run the slot of a run that is over once more, and watch it to its end')),
).action(async (id, options) => {
  const { retry } = await import('./command/retry.ts');
  process.exitCode = await retry(id, options, usualData, { progress: options.json ? err : out, answer: out });
});

declaring(placed(command('backfill <job>', 'run a job for its past slots that have no run that succeeded')))
  .requiredOption('--from <time>', "the first time, local to the job's zone, a date, or a slot in UTC")
  .option('--to <time>', 'the last time, itself included (default: now)')
  .option('--max <n>', 'how many runs at a time', between(1, 50), 2)
  .option('--limit <n>', 'how many slots the range may hold', between(1, 100_000), 1000)
  .option('--dry-run', 'only say what would be run, and what it may cost')
  .action(async (job, options) => {
    const { backfill } = await import('./command/backfill.ts');
    process.exitCode = await backfill(job, options, { progress: options.json ? err : out, answer: out });
  });

declaring(placed(command('jobs', 'list the jobs: when they are due, how they fare, what they spend'))).action(
  async (options) => {
    const { jobs } = await import('./command/jobs.ts');
    process.exitCode = await jobs(options, out);
  },
);

declaring(placed(command('forecast <job>', 'foretell how often a job runs and what it costs, from its past runs')))
  .option('--days <n>', 'how many days to look ahead', between(1, 366), 30)
  .action(async (job, options) => {
    const { forecast } = await import('./command/forecast.ts');
    process.exitCode = await forecast(job, options, out);
  });

declaring(placed(command('pause <job>', 'let no slot of a job start, until it is resumed or until a time')))
  .option('--note <text>', 'why: it is told with each slot that is skipped')
  .option('--until <time>', "when it goes on by itself, local to the job's zone, or a slot in UTC")
  .option('--by <name>', 'who pauses it (default: the user of this machine)')
  .action(async (job, options) => {
    const { pause } = await import('./command/pause.ts');
    process.exitCode = await pause(job, options, out);
  });

declaring(placed(command('resume <job>', 'end the pause of a job, and close its breaker'))).action(
  async (job, options) => {
    const { resume } = await import('./command/resume.ts');
    process.exitCode = await resume(job, options, out);
  },
);

declaring(command('next <job>', 'show when a job is due next, and what its schedule says in English'))
  .option('--count <n>', 'how many slots', between(1, 1000), 10)
  .action(async (job, options) => {
    const { next } = await import('./command/next.ts');
    process.exitCode = await next(job, options, out);
  });

declaring(command('dev', 'fire every job at its slots, here, until stopped with Ctrl-C'))
  .option('--data <dir>', 'where the local service keeps its data', usualData)
  .addHelpText(
    'after',
    `
Tells what happens, a line each: by your own clock, slots in the zone of their job. Job files, scripts and holidays are read again
when they change. What was due more than a minute ago, while it did not run or the machine slept, is not fired late: the watchman
records it or catches up, by the job's \`catchUp\`. With --json, one object a line.

Exit codes: 0 stopped with Ctrl-C, which is how it ends (open runs go on); 2 bad job files at the start; 3 the service does not come up.`,
  )
  .action(async (options) => {
    const { dev } = await import('./command/dev.ts');
    process.exitCode = await dev(options, out);
  });

declaring(command('check', 'check every job and script file')).action(async (options) => {
  const { check } = await import('./command/check.ts');
  process.exitCode = await check(options, out);
});

const endedBy = (thrown: unknown): number => {
  out.show();
  err.show();
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.succeeded : exitCodes.badInput;
  const { text, exitCode } = exitOf(thrown);
  err.say(asked && exitCode === exitCodes.unreachable ? `${text}\nAsked: ${asked}.` : text);
  return exitCode;
};

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = endedBy(thrown);
}
