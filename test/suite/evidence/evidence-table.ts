import { toned } from '../../../infra/cli/print/line.ts';
import { type Column, tableLines } from '../../../infra/cli/print/table.ts';
import { terminal } from '../../../infra/cli/print/terminal.ts';
import { keptEvidence, type Row } from './evidence.ts';

const stores = 'the stores';
const machine = 'the state machine';

/** The suites that each command must have run, as "suite on engine". */
const expected: Record<string, string[]> = {
  test: [`${stores} on dynalite`, 'all else on node'],
  'test-package': ['all else on node'],
  'test-engines': [
    ...['DynamoDB Local', 'MiniStack', 'the simulated store of the explorer'].map((engine) => `${stores} on ${engine}`),
    ...['the local engine', 'MiniStack', 'moto'].map((engine) => `${machine} on ${engine}`),
    `${machine} on every engine`,
    ...['aimock', 'LiteLLM', 'llama.cpp'].map((engine) => `the models on ${engine}`),
    'the packaged functions on aws-lambda-ric',
  ],
  'test-deploy': [
    ...['the deployed resources', 'the deployed runs', 'least privilege', 'deploying again'].map(
      (suite) => `${suite} on MiniStack`,
    ),
    'the template on cfn-lint',
    'the template on checkov',
  ],
  'test-neighbour': ['the local service on a shared machine'],
  explore: ['every crash point on explorer', 'guards taken away on explorer'],
  mutate: ['changes of runs, policies and schedules on Stryker'],
  orders: ['runs of a job in any order on memory'],
  fuzz: [],
  year: ['a simulated year', 'a year without its watchman is bad'].map((suite) => `${suite} on dynalite`),
};

const columns: Column[] = [
  { title: 'suite' },
  { title: 'engine' },
  { title: 'cases', amount: true },
  { title: 'result' },
  { title: '' },
];

const good = ({ cases, failed }: Row): boolean => cases > 0 && failed === 0;

const cells = (row: Row) => [
  row.suite,
  row.engine,
  row.cases.toLocaleString('en'),
  good(row) ? toned('good', 'passed') : toned('bad', row.cases === 0 ? 'no cases' : `${row.failed} failed`),
  row.note ?? '',
];

/** Prints the evidence of every command as a table. Exits with 1 if a case failed, or a suite or a command is missing. */
const print = async (): Promise<void> => {
  const kept = await keptEvidence();
  const rows = Object.keys(expected).flatMap((command) => kept.get(command) ?? []);
  const missing = Object.entries(expected).flatMap(([command, names]) => {
    const shown = (kept.get(command) ?? []).map(({ suite, engine }) => `${suite} on ${engine}`);
    if (shown.length === 0) return [`npm run ${command.replace('-', ':')} has left no evidence.`];
    const absent = names.filter((name) => !shown.includes(name));
    return absent.map((name) => `npm run ${command.replace('-', ':')} has left no evidence of ${name}.`);
  });
  const out = terminal(process.stdout, process.env);
  out.print(tableLines(columns, rows.map(cells)));
  for (const sentence of missing) out.say(sentence);
  if (missing.length > 0 || !rows.every(good)) process.exitCode = 1;
};

await print();
