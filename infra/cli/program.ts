import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { projectRoot } from '../local/project-root.ts';
import { regionOf, type Target } from './client/target.ts';
import { commandLine } from './command-line.ts';
import type { ErrorJson } from './contract/contract.ts';
import { exitCodes, exitOf } from './print/exit.ts';
import { jsonLine } from './print/sanitize.ts';
import { terminal } from './print/terminal.ts';
import { swallowedOptions } from './swallowed.ts';

const out = terminal(process.stdout, process.env);
const err = terminal(process.stderr, process.env);
const argv = process.argv.slice(2);
const wantsJson = argv.includes('--json');
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));

/** The deployed stage of the command, for error messages. */
let asked: string | undefined;

const program = commandLine(
  {
    out,
    err,
    ended: (exitCode) => {
      process.exitCode = exitCode;
    },
  },
  version,
  wantsJson,
).hook('preAction', (_, action) => {
  const place = action.opts<Target>();
  if (place.stage !== undefined) asked = `Asked: stage ${place.stage} in ${regionOf(place)}.`;
});

/** An error for programs: one line on standard output, where the answer would be. */
const sayJson = (name: string, message: string, advice: string): void =>
  out.say(jsonLine({ error: { name, message, advice: advice || null } } satisfies ErrorJson));

const optionAdvice = '`npx nightshift help [command]` lists the options.';

/** Ends a command line that commander did not take. For people it has printed the reason already. */
const badOptions = ({ exitCode, message }: CommanderError): number => {
  if (exitCode === 0) return exitCodes.succeeded;
  const isHelp = message === '(outputHelp)';
  if (wantsJson) sayJson('InvalidOption', isHelp ? 'found no command' : message.replace(/^error: /, ''), optionAdvice);
  return exitCodes.badInput;
};

const endedBy = (thrown: unknown): number => {
  out.show();
  err.show();
  if (thrown instanceof CommanderError) return badOptions(thrown);
  const { name, message, advice, text, exitCode } = exitOf(thrown);
  const where = exitCode === exitCodes.unreachable ? asked : undefined;
  if (wantsJson) sayJson(name, message, [advice, where].filter(Boolean).join(' '));
  else err.say([text, where].filter(Boolean).join('\n'));
  return exitCode;
};

/** Refuses a command line of which npm kept a part: the command would do something else than was typed. */
const refuseSwallowed = (): boolean => {
  const names = program.commands.flatMap(({ options }) => options.map(({ long }) => (long ?? '').slice(2)));
  const kept = swallowedOptions(names, argv, process.env);
  if (kept.length === 0) return false;
  const verb = kept.length === 1 ? 'it' : 'them';
  const message = `npm took ${kept.join(', ')} for itself, so nightshift did not get ${verb}`;
  const advice = 'Write `npx nightshift …`, or put -- before the command: `npm run nightshift -- …`.';
  if (kept.includes('--json')) sayJson('InvalidOption', message, advice);
  else err.say(`InvalidOption: ${message}\n${advice}`);
  return true;
};

// A reader that closes early (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
if (wantsJson) for (const one of [program, ...program.commands]) one.configureOutput({ writeErr: () => {} });

try {
  if (refuseSwallowed()) process.exitCode = exitCodes.badInput;
  else await program.parseAsync();
} catch (thrown) {
  process.exitCode = endedBy(thrown);
}
