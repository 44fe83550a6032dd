import { Failure } from '../../../lib/failure.ts';
import { readDeclared } from '../client/job-files.ts';
import type { CommandJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { counted } from '../print/format.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';

/** Checks every file of jobs, scripts and holidays. Says how many jobs are good, or each problem: file, line, field, what was expected. */
export const check = async (options: { infra: string; json?: boolean }, out: Terminal): Promise<number> => {
  try {
    const jobs = (await readDeclared(options.infra, new Date())).jobs.map(({ name }) => name);
    const verb = jobs.length === 1 ? 'is' : 'are';
    out.say(
      options.json
        ? json({ jobs, problems: [] } satisfies CommandJson['check'])
        : `${counted(jobs.length, 'job')} ${verb} good.`,
    );
    return exitCodes.succeeded;
  } catch (thrown) {
    if (!(options.json && thrown instanceof Failure && thrown.name === 'InvalidJob')) throw thrown;
    out.say(json({ jobs: [], problems: thrown.message.split('\n') } satisfies CommandJson['check']));
    return exitCodes.badInput;
  }
};
