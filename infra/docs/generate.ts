import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { JobFile } from '../../lib/job/job.ts';
import { placeholders } from '../../lib/job/placeholder.ts';

/** What is made from the job schema, so that it cannot differ from it: the JSON Schema editors use, and the README's tables. */
const schemaFile = 'infra/job.schema.json';
const readmeFile = 'README.md';

type Property = { description?: string; default?: unknown; properties?: Record<string, Property> };

const jsonSchema = () => ({
  ...z.toJSONSchema(JobFile, { io: 'input' }),
  title: 'Nightshift job',
});

const defaultText = (value: unknown): string => {
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  return text === '{}' ? '' : `\`${text}\``;
};

const rows = (properties: Record<string, Property>, required: string[], prefix = ''): string[] =>
  Object.entries(properties).flatMap(([name, property]) => {
    const whether = required.includes(name) ? 'required' : defaultText(property.default);
    const row = `| \`${prefix}${name}\` | ${property.description ?? ''} | ${whether} |`;
    return [row.replaceAll('\n', ' '), ...rows(property.properties ?? {}, [], `${prefix}${name}.`)];
  });

const fieldTable = (): string => {
  const { properties, required } = z.toJSONSchema(JobFile, { io: 'input' }) as {
    properties: Record<string, Property>;
    required: string[];
  };
  return ['| field | what it is | default |', '|---|---|---|', ...rows(properties, required)].join('\n');
};

const placeholderTable = (): string =>
  [
    '| placeholder | becomes |',
    '|---|---|',
    ...Object.entries(placeholders).map(([word, what]) => `| \`\${${word}}\` | ${what} |`),
  ].join('\n');

/** A text with what stands between `<!-- name -->` and `<!-- /name -->` replaced. Throws where the marks are missing. */
const between = (text: string, name: string, content: string): string => {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${readmeFile}: expected ${start} and ${end}`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
};

const generated = async (): Promise<Record<string, string>> => ({
  [schemaFile]: `${JSON.stringify(jsonSchema(), null, 2)}\n`,
  [readmeFile]: between(
    between(await readFile(readmeFile, 'utf8'), 'job fields', fieldTable()),
    'placeholders',
    placeholderTable(),
  ),
});

const check = process.argv.includes('--check');
for (const [file, content] of Object.entries(await generated())) {
  const before = await readFile(file, 'utf8').catch(() => '');
  if (before === content) continue;
  if (check) {
    console.error(`${file} is not what the job schema makes it. Run: npm run generate`);
    process.exitCode = 1;
  } else {
    await writeFile(file, content);
    console.log(`wrote ${file}`);
  }
}
