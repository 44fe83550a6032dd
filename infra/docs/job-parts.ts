import * as z from 'zod';
import { ConnectionFile, connectionKinds } from '../../lib/connection/connection.ts';
import { failures } from '../../lib/failure.ts';
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

const failureTable = (): string => {
  const named = (end: string) =>
    Object.entries(failures)
      .filter(([, found]) => found === end)
      .map(([name]) => `\`${name}\``)
      .join(', ');
  return markdownTable(
    ['then', 'failures'],
    [
      ['a new attempt, after a random wait; a longer `Retry-After` of the provider counts', named('retry')],
      ['a new attempt if the failure says that it may help, else the run has failed', named('says')],
      ['the run has failed', named('final')],
    ],
  );
};

const connectionSchema = () => ({ ...z.toJSONSchema(ConnectionFile, { io: 'input' }), title: 'Nightshift connection' });

const connectionTables = (): string =>
  Object.entries(connectionKinds)
    .map(([kind, schema]) => `### \`kind: ${kind}\`\n\n${fieldTable(schema)}`)
    .join('\n\n');

/** Made from the schemas of jobs and connections and from the failures: the JSON Schema for editors, and the tables of infra/jobs/README.md. */
export const jobParts: Part[] = [
  { file: 'infra/job.schema.json', content: () => `${JSON.stringify(schema(), null, 2)}\n` },
  { file: 'infra/jobs/README.md', name: 'job fields', content: () => fieldTable(JobFile) },
  { file: 'infra/jobs/README.md', name: 'placeholders', content: placeholderTable },
  { file: 'infra/jobs/README.md', name: 'failures', content: failureTable },
  { file: 'infra/connection.schema.json', content: () => `${JSON.stringify(connectionSchema(), null, 2)}\n` },
  { file: 'infra/connections/README.md', name: 'connection fields', content: connectionTables },
];
