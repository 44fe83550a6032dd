import type { Job } from '../../lib/job/job.ts';
import { readJobFile, readYaml } from '../../lib/job/job-file.ts';

const tools = ['http_get', 'http_post', 'list_runs', 'previous_result', 'count', 'pay'];
const connections = { api: [], missing: [], resize: ['resize'] };

/** A job as its file would give it: a small one, with these fields (YAML) beside or in place of its own. */
export const job = (fields: Record<string, unknown> = {}, name = 'report'): Job => {
  const file = { schedule: { rate: '1 hour' }, model: 'scripted/test', prompt: 'Go.', ...fields };
  const read = readJobFile(readYaml(`infra/jobs/${name}.yml`, JSON.stringify(file)), { tools, connections });
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.job;
};
