import { type Command, InvalidArgumentError } from 'commander';
import { projectPath } from './client/job-files.ts';

/** The data directory of the local service, unless --data names another. */
export const usualData = projectPath('.nightshift');

/** Reads a whole number in a range. */
export const between = (least: number, most: number) => (text: string) => {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
};

/** Collects an option that may be given several times. */
export const several = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];

const stageName = (text: string) => {
  if (/^[A-Za-z0-9-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 40 letters, digits and -.');
};

/** --data, for a command that works with the local service only. */
export const local = (made: Command) => made.option('--data <dir>', 'data directory of the local service', usualData);

/** --stage, --region and --data: where the command works. */
export const placed = (made: Command) =>
  local(
    made
      .option('--stage <name>', 'a deployed stage, with your AWS credentials (default: the local service)', stageName)
      .option('--region <name>', 'AWS Region of the stage (default: AWS_REGION, else eu-west-1)'),
  );

/** --infra: where the job files are. */
export const declaring = (made: Command) =>
  made.option('--infra <dir>', 'directory that holds jobs/ and scripts/', projectPath('infra'));
