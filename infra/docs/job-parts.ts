import * as z from 'zod';
import { JobFile } from '../../lib/job/job.ts';
import { placeholders } from '../../lib/job/placeholder.ts';
import { fieldTable } from './field-table.ts';
import { markdownTable, type Part } from './part.ts';

const schema = () => ({ ...z.toJSONSchema(JobFile, { io: 'input' }), title: 'Nightshift job' });

const placeholderTable = (): string =>
  markdownTable(
    ['placeholder', 'becomes'],
    Object.entries(placeholders).map(([word, what]) => [`\`\${${word}}\``, what]),
  );

/** Made from the job's schema: the JSON Schema for editors, and the tables of infra/jobs/README.md. */
export const jobParts: Part[] = [
  { file: 'infra/job.schema.json', content: () => `${JSON.stringify(schema(), null, 2)}\n` },
  { file: 'infra/jobs/README.md', name: 'job fields', content: () => fieldTable(JobFile) },
  { file: 'infra/jobs/README.md', name: 'placeholders', content: placeholderTable },
];
