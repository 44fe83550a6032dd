import { toned } from '../../infra/cli/line.ts';
import { type Column, tableLines } from '../../infra/cli/table.ts';
import { terminal } from '../../infra/cli/terminal.ts';
import { keptEvidence, type Row } from './evidence.ts';

/** The commands that must have shown something. One that did not run is no proof. */
const expected = ['test', 'test-engines', 'test-deploy', 'explore', 'fuzz'];

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

/** Prints what every command has shown as one table. Exits with 1 where a case failed, a suite had none, or a command showed nothing. */
const print = async (): Promise<void> => {
  const kept = await keptEvidence();
  const missing = expected.filter((command) => !kept.get(command)?.length);
  const rows = expected.flatMap((command) => kept.get(command) ?? []);
  const out = terminal(process.stdout, process.env);
  out.print(tableLines(columns, rows.map(cells)));
  for (const command of missing) out.say(`npm run ${command} has shown nothing.`);
  if (missing.length > 0 || !rows.every(good)) process.exitCode = 1;
};

await print();
