import type { Found, Report } from './explore-worker.ts';

type Explored = Extract<Report, { found: Found[] }>;
export type Cell = { schedules: number; violations: number };

/** Counts explored schedules. A schedule with known decisions counts once. */
export const openTally = () => {
  const schedules = new Set<string>();
  const histories = new Set<string>();
  const cells = new Map<string, Map<string, Cell>>();
  const cut = new Set<string>();
  const races = { count: 0 };
  const found: Found[] = [];
  const cell = (job: string, kind: string): Cell => {
    const row = cells.get(job) ?? new Map<string, Cell>();
    cells.set(job, row);
    const made = row.get(kind) ?? { schedules: 0, violations: 0 };
    row.set(kind, made);
    return made;
  };
  return {
    schedules,
    histories,
    cells,
    cut,
    races,
    found,
    add(report: Explored): void {
      for (const { job, class: kind, decisions, history, cut: ends, raced } of report.played) {
        const schedule = `${job} ${decisions}`;
        if (schedules.has(schedule)) continue;
        schedules.add(schedule);
        histories.add(`${job} ${history}`);
        for (const end of ends) cut.add(end);
        races.count += Number(raced);
        cell(job, kind).schedules += 1;
      }
      for (const violating of report.found) {
        cell(violating.job, violating.class).violations += 1;
        found.push(violating);
      }
    },
  };
};
export type Tally = ReturnType<typeof openTally>;
