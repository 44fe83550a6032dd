import { Failure } from '../../../lib/failure.ts';
import { priceWarnings } from '../../../lib/io/model/prices.ts';
import { readDeclared } from '../client/job-files.ts';
import type { CommandJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { counted } from '../print/format.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';

/** Checks every file of jobs, scripts and holidays. Says how many jobs are good, or each problem: file, line, field, what was expected. */
export const check = async (options: { infra: string; json?: boolean }, out: Terminal): Promise<number> => {
  try {
    const now = new Date();
    const declared = (await readDeclared(options.infra, now)).jobs;
    const jobs = declared.map(({ name }) => name);
    const warnings = priceWarnings(declared, now, process.env.OPENAI_COMPATIBLE_BASE_URL);
    const verb = jobs.length === 1 ? 'is' : 'are';
    out.say(
      options.json
        ? json({ jobs, problems: [], warnings } satisfies CommandJson['check'])
        : [`${counted(jobs.length, 'job')} ${verb} good.`, ...warnings.map((text) => `Warning: ${text}`)].join('\n'),
    );
    return exitCodes.succeeded;
  } catch (thrown) {
    if (!(options.json && thrown instanceof Failure && thrown.name === 'InvalidJob')) throw thrown;
    out.say(json({ jobs: [], problems: thrown.message.split('\n'), warnings: [] } satisfies CommandJson['check']));
    return exitCodes.badInput;
  }
};
