import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { dropEvidence, keepEvidence, type Row } from './evidence.ts';

/** The title of the outermost `describe` around a test. */
const outermost = (test: TestCase): string => {
  let title = '';
  for (let at = test.parent; at.type === 'suite'; at = at.parent) title = at.name;
  return title;
};

/** Splits a title: "the stores on dynalite" is the suite `the stores` on the engine `dynalite`. Titles without an engine form one suite. */
const placed = (title: string): Pick<Row, 'suite' | 'engine'> => {
  const [suite = '', engine] = title.split(/ (?:on|under) /);
  return engine === undefined ? { suite: 'all else', engine: 'node' } : { suite, engine };
};

const rowOf = (test: TestCase): Row => ({
  ...placed(outermost(test)),
  cases: 1,
  failed: test.result().state === 'passed' ? 0 : 1,
});

const brokenRow = ({ moduleId }: TestModule): Row => ({
  suite: moduleId,
  engine: '-',
  cases: 0,
  failed: 1,
  note: 'did not run',
});

/** Sums rows of the same suite and engine. */
const summed = (rows: Row[]): Row[] =>
  Object.values(Object.groupBy(rows, ({ suite, engine }) => `${suite} on ${engine}`)).flatMap((same) => {
    const [first] = same ?? [];
    const sum = (field: 'cases' | 'failed') => (same ?? []).reduce((all, row) => all + row[field], 0);
    return first ? [{ ...first, cases: sum('cases'), failed: sum('failed') }] : [];
  });

/** A vitest reporter that stores the tests as a command's evidence. A skipped test counts as failed. */
export const evidenceOf = (command: string): Reporter => ({
  onInit: () => dropEvidence(command),
  async onTestRunEnd(modules: readonly TestModule[]) {
    const tests = modules.flatMap((module) => [...module.children.allTests()].map(rowOf));
    const broken = modules.filter((module) => module.errors().length > 0).map(brokenRow);
    await keepEvidence(command, summed([...tests, ...broken]));
  },
});
