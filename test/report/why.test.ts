import { describe, expect, test } from 'vitest';
import { neighbours } from '../../lib/report/why.ts';
import type { Checkpoint } from '../../lib/watch/checkpoint.ts';
import { explain, failed, missed, runOf, skip, stateWith, succeeded } from '../kit/explained.ts';
import { job } from '../kit/job.ts';

const daily = (fields: Record<string, unknown> = {}, schedule: Record<string, unknown> = {}) =>
  job({ schedule: { cron: '0 9 * * ? *', timezone: 'Europe/Amsterdam', ...schedule }, ...fields });
const report = daily();
const slot = '2026-11-25T08:00:00Z';
const time = '2026-11-25 09:00';
const id = 'report_20261125T080000Z';
const later = '2026-11-25T10:00:00Z';
const prefix = 'report, Wed 2026-11-25 09:00 Europe/Amsterdam: ';

const looked = (to: string, more: Partial<Checkpoint> = {}): Checkpoint => ({
  job: 'report',
  accountedUpTo: to,
  lookedAt: to,
  schedule: report.schedule,
  anchor: { at: slot, confirmed: true },
  driftSince: null,
  version: 1,
  ...more,
});

test('`why` reports a slot of a recently changed schedule as still due, as the watchman will', () => {
  const changed = daily({}, { cron: '0 12 * * ? *' });
  const { verdict } = explain(changed, time, '2026-11-25T08:02:00Z', { checkpoint: looked('2026-11-25T07:59:00Z') });
  expect(verdict).toMatchObject({ kind: 'unrecorded', slot });
  expect(explain(changed, time, later, { checkpoint: looked('2026-11-25T09:57:00Z') }).verdict.kind).toBe('not-due');
});

describe('`why` for a recorded slot', () => {
  test('names its run, with its start and duration', () => {
    const { verdict, said } = explain(report, time, later, { runs: [runOf(report, slot, succeeded(slot))] });
    expect(verdict).toMatchObject({ kind: 'ran', slot });
    expect(said).toEqual({
      sentence: `${prefix}it ran as ${id} and succeeded.`,
      evidence: [
        ['started', 'Wed 2026-11-25 09:00:02, 2.0 s after its slot, by its schedule'],
        ['ended', 'Wed 2026-11-25 09:00:04 after 1 attempt, 2.0 s, 1,000 tokens, $0.0100'],
      ],
    });
  });

  test('reports how the run failed', () => {
    const { text } = explain(report, time, later, { runs: [runOf(report, slot, failed(slot))] });
    expect(text).toContain(`it ran as ${id} and failed: ModelUnavailable.`);
    expect(text).toContain('failure: overloaded');
  });

  test('reports a catch-up with its origin, its delay and its slots', () => {
    const slots = ['2026-11-23T08:00:00Z', '2026-11-24T08:00:00Z', slot];
    const more = {
      origin: 'watchman' as const,
      slots,
      since: '2026-11-22T08:00:00Z',
      startedAt: '2026-11-25T09:05:00Z',
    };
    const { text } = explain(report, time, later, { runs: [runOf(report, slot, succeeded(later), more)] });
    expect(text).toContain('1 h 05 min after its slot, by the watchman, for 2 earlier slots too');
    expect(text).toContain('since: the last success before it was on Sun 2026-11-22 09:00');
  });

  test.each([
    [
      { why: 'paused', message: 'paused by ana since 2026-11-24T16:00:00.000Z: holiday' } as const,
      'skipped: the job was paused by ana since Tue 2026-11-24 17:00: holiday.',
    ],
    [
      { why: 'overlap', message: 'report_x was still open', by: 'report_x' } as const,
      'skipped: report_x was still open.',
    ],
    [
      { why: 'breaker', message: 'the breaker is open' } as const,
      'skipped: its breaker was open after failed runs in a row.',
    ],
    [
      { why: 'budget', message: '2026-11 has cost 5.0000 of 5 usd allowed' } as const,
      'message: 2026-11 has cost 5.0000',
    ],
    [{ why: 'excluded' } as const, 'skipped: its date is excluded from the schedule.'],
    [{ why: 'fold' } as const, 'skipped: its local time comes twice, and the job runs at the second one.'],
    [{ why: 'disabled', message: 'm' } as const, 'skipped: its job file says enabled: false.'],
    [
      { why: 'late', message: 'delivered at noon' } as const,
      'skipped: it was delivered more than 30 hours after it was due.',
    ],
  ])('gives the recorded reason of a skip: %j', (reason, sentence) => {
    const { verdict, text } = explain(report, time, later, { runs: [runOf(report, slot, skip(slot, reason))] });
    expect(verdict).toMatchObject({ kind: 'skipped', slot });
    expect(text).toContain(sentence);
    expect(text).toContain(`outcome: skipped (${reason.why}), recorded Wed 2026-11-25 09:00:04 as ${id}`);
  });

  test('names the later run that covers a caught-up slot, and reports when that run is unrecorded', () => {
    const next = '2026-11-26T08:00:00Z';
    const by = 'report_20261126T080000Z';
    const runs = [runOf(report, slot, skip(slot, { why: 'caught-up', by }))];
    const covered = explain(report, time, next, { runs, others: [runOf(report, next, failed(next))] });
    expect(covered.said.sentence).toContain(
      `EventBridge did not deliver it in time, and a later run covers it: ${by} failed (ModelUnavailable).`,
    );
    expect(explain(report, time, next, { runs }).said.sentence).toContain(`covers it: ${by} has no record yet.`);
  });

  test('reports a missed slot and when the watchman recorded it', () => {
    const run = runOf(report, slot, missed(slot, 'no delivery was seen, and catchUp is none'));
    const { text } = explain(report, time, later, { runs: [run] });
    expect(text).toContain(
      'it was missed: no delivery arrived, and the watchman recorded that on Wed 2026-11-25 09:00:04.',
    );
    expect(text).toContain('message: no delivery was seen, and catchUp is none');
  });

  test('names the runs ahead in the queue', () => {
    const before = runOf(report, '2026-11-24T08:00:00Z', null);
    const run = runOf(daily({ overlap: 'queue-one' }), slot, null);
    const state = stateWith(report, [before], { queued: run.id });
    const { text } = explain(report, time, later, { runs: [run], state });
    expect(text).toContain('it waits in the queue behind report_20261124T080000Z.');
    expect(text).toContain('overlap: queue-one');
  });

  test('reports a running run and the end of its spread delay', () => {
    const run = runOf(daily({ spreadSeconds: 3600 }), slot, null);
    const state = stateWith(report, [run]);
    const early = explain(report, time, '2026-11-25T08:00:03Z', { runs: [run], state });
    expect(early.said.sentence).toMatch(
      /it waits as report_\S+ until Wed 2026-11-25 09:\d\d(:\d\d)?, because the job spreads its starts\.$/,
    );
    expect(explain(report, time, later, { runs: [run], state }).said.sentence).toBe(`${prefix}it is running as ${id}.`);
  });

  test('names the manual runs of the same slot', () => {
    const again = runOf(report, slot, succeeded(slot), { suffix: 'retry-1' });
    const { verdict, text } = explain(report, time, later, { runs: [runOf(report, slot, failed(slot)), again] });
    expect(verdict).toMatchObject({ kind: 'ran', beside: [again] });
    expect(text).toContain(`by hand: ${id}_retry-1 succeeded`);
  });

  test('reports a slot that the current schedule no longer has', () => {
    const other = '2026-11-25T05:30:00Z';
    const { verdict } = explain(report, '06:30', later, { runs: [runOf(report, other, succeeded(other))] });
    expect(verdict).toMatchObject({ kind: 'ran', slot: other });
  });
});

describe('`why` for an unrecorded slot', () => {
  test('reports the time until it is due, and that it would be skipped now', () => {
    const pauses = [{ by: 'ana', since: '2026-11-24T16:00:00.000Z', until: null, note: 'holiday' }];
    const { text } = explain(report, '2026-11-26 09:00', later, { state: stateWith(report, [], { pauses }) });
    expect(text).toContain('report, Thu 2026-11-26 09:00 Europe/Amsterdam: it is due in 22 h.');
    expect(text).toContain('it would be skipped now: paused by ana since Tue 2026-11-24 17:00: holiday');
    const over = [{ by: 'ana', since: '2026-11-24T16:00:00.000Z', until: '2026-11-26T07:00:00Z', note: '' }];
    expect(
      explain(report, '2026-11-26 09:00', later, { state: stateWith(report, [], { pauses: over }) }).said.evidence,
    ).toEqual([]);
  });

  test('judges the breaker at the time of the slot', () => {
    const breaker = { since: '2026-11-25T08:00:00Z', until: '2026-11-26T07:00:00Z', delaySeconds: 900, probe: null };
    const state = stateWith(report, [], { breaker, streak: -5 });
    expect(explain(report, '2026-11-26 09:00', later, { state }).said.evidence).toEqual([]);
    const open = { ...state, breaker: { ...breaker, until: '2026-11-27T07:00:00Z' } };
    expect(explain(report, '2026-11-26 09:00', later, { state: open }).text).toContain(
      'it would be skipped now: the breaker is open',
    );
  });

  test('reports a future date as excluded', () => {
    const free = daily({}, { exclude: ['2026-12-25'] });
    expect(explain(free, '2026-12-25 09:00', later).said.sentence).toContain(
      'it is due in 30 days; it will be skipped: its date is excluded from the schedule.',
    );
  });

  test.each([
    [{}, 'outlook: catchUp is latest: the watchman starts the last such slot, which covers those before it'],
    [{ catchUp: { policy: 'all' } }, 'outlook: catchUp is all: the watchman starts it'],
    [{ catchUp: { policy: 'none' } }, 'outlook: catchUp is none: the watchman records it as missed'],
    [
      { catchUp: { withinSeconds: 60 } },
      'outlook: it is older than catchUp.withinSeconds (60): the watchman records it as missed',
    ],
  ])('reports how far the watchman has checked and what it will do: %j', (fields, outlook) => {
    const { verdict, text } = explain(daily(fields), time, '2026-11-25T08:02:00Z', {
      checkpoint: looked('2026-11-25T07:57:00Z'),
    });
    expect(verdict).toMatchObject({ kind: 'unrecorded', slot });
    expect(text).toContain(
      'it was due 2 min ago, and nothing is recorded yet: the watchman has not checked that time yet.',
    );
    expect(text).toContain(
      'watchman: it has checked every slot up to Wed 2026-11-25 08:57; it runs every 5 minutes (locally each minute) and stays 3 minutes behind',
    );
    expect(text).toContain(outlook);
  });

  test('reports that the watchman has not checked the job yet', () => {
    expect(explain(report, time, later).said.sentence).toContain('the watchman has not checked the job yet.');
  });

  test('names the open run that the slot waits for, and the dispatcher that reserved the slot', () => {
    const before = runOf(report, '2026-11-24T08:00:00Z', null);
    const own = runOf(report, slot, null);
    const state = stateWith(report, [before, own]);
    const { text } = explain(report, time, later, { state, checkpoint: looked('2026-11-25T07:57:00Z') });
    expect(text).toContain('open: report_20261124T080000Z: the watchman starts this slot only after the end of that');
    expect(text).toContain(
      'lease: the dispatcher reserved it on Wed 2026-11-25 09:00:02 and is still at work, or died',
    );
  });

  test('says that it was missed with others where it has no run in a range that was closed', () => {
    const range = { job: 'report', from: '2026-11-01T08:00:00Z', to: slot, closedAt: later, version: 1 };
    const given = { checkpoint: looked('2026-11-25T09:00:00Z'), ranges: [range] };
    const { verdict, text } = explain(report, time, later, given);
    expect(verdict).toMatchObject({ kind: 'closed', range });
    expect(text).toContain('missed: it was not delivered, and the watchman found that too late to start it.');
    expect(text).toContain('all slots from Sun 2026-11-01 09:00 to Wed 2026-11-25 09:00 that have no run');
    const ran = { ...given, runs: [runOf(report, slot, succeeded(slot))] };
    expect(explain(report, time, later, ran).verdict.kind).toBe('ran');
    expect(explain(report, '2026-11-25 12:00', later, given).verdict.kind).toBe('not-due');
  });

  test('reports that the schedule was different when all slots of that time are accounted for', () => {
    const { verdict, text } = explain(report, time, later, { checkpoint: looked('2026-11-25T09:00:00Z') });
    expect(verdict).toMatchObject({ kind: 'unaccounted', to: '2026-11-25T09:00:00Z' });
    expect(text).toContain(
      'it was not due then: it is a slot of today’s schedule, but was none of the schedule at that time.',
    );
    expect(explain(report, '2025-01-06 09:00', later, { checkpoint: looked(later) }).said.sentence).toContain(
      'its record is gone',
    );
  });
});

describe('`why` for a time without a slot', () => {
  test('names the slots around it, and accepts a slot within the same minute', () => {
    const { verdict, said } = explain(report, '2026-11-25T10:15', later);
    expect(verdict).toMatchObject({ kind: 'not-due', because: 'calendar', slot: undefined });
    expect(said.sentence).toBe(
      'report, Wed 2026-11-25 10:15 Europe/Amsterdam: it was not due then: the slot before is Wed 2026-11-25 09:00, the next is Thu 2026-11-26 09:00.',
    );
    expect(said.evidence).toEqual([['schedule', 'Every day at 09:00, Europe/Amsterdam (cron(0 9 * * ? *))']]);
    for (const near of ['09:00:41', '2026-11-25T08:00:41Z', '2026-11-25T08:00Z', '2026-11-25 09:00'])
      expect(explain(report, near, later).verdict).toMatchObject({ kind: 'unrecorded', slot });
    expect(explain(report, '22:00', later).said.sentence).toContain('it is not due then');
  });

  test('reports that the job is disabled, or that the watchman still uses the previous schedule', () => {
    const off = explain(daily({ enabled: false }), time, later);
    expect(off.said.sentence).toContain('its job file says enabled: false, so no schedule is deployed.');
    expect(off.verdict).toMatchObject({ kind: 'not-due', because: 'disabled', slot: undefined });
    const checkpoint = looked(later, { schedule: { cron: '0 7 * * ? *', timezone: 'UTC' } });
    expect(explain(report, '10:15', later, { checkpoint }).text).toContain(
      'the watchman still uses the schedule before: cron(0 7 * * ? *)',
    );
  });

  test('lists the slots of a rate only when the anchor is known', () => {
    const often = job();
    expect(explain(often, '09:30', later).verdict.kind).toBe('unknowable');
    const anchor = { at: new Date('2026-11-25T00:30:17Z'), known: true };
    expect(explain(often, '09:30', later, { anchor }).verdict).toMatchObject({ slot: '2026-11-25T09:30:17Z' });
  });

  test('has no neighbouring slots when the schedule has ended', () => {
    const once = { at: '2026-01-01T00:00:00', timezone: 'UTC' };
    const [before, after] = [new Date('2025-01-01'), new Date('2026-06-01')].map((instant) =>
      neighbours(once, instant.getTime(), instant),
    );
    expect(before).toEqual({ before: undefined, next: { slot: '2026-01-01T00:00:00Z', by: 'schedule' } });
    expect(after).toEqual({ before: { slot: '2026-01-01T00:00:00Z', by: 'schedule' }, next: undefined });
    const gone = job({ schedule: once });
    expect(explain(gone, '2027-01-01 00:00', later).said.sentence).toContain(
      'the slot before is Thu 2026-01-01 00:00.',
    );
  });
});

describe('`why` on a day with a clock change', () => {
  const nightly = (dst?: Record<string, string>) => daily({}, { cron: '30 2 * * ? *', ...(dst && { dst }) });
  const [gap, fold] = ['2026-03-29 02:30', '2026-10-25 02:30'];

  test('reports a local time that does not exist, and the slot that replaces it', () => {
    const none = explain(nightly(), gap, later);
    expect(none.verdict).toMatchObject({ kind: 'not-due', because: 'gap' });
    expect(none.said.sentence).toContain(
      'report, 2026-03-29 02:30 Europe/Amsterdam: that time does not exist: clocks jump over it; the slot before is Sat 2026-03-28 02:30, the next is Mon 2026-03-30 02:30.',
    );
    expect(explain(nightly({ gap: 'after' }), gap, later).verdict).toMatchObject({ slot: '2026-03-29T01:00:00Z' });
  });

  test('does not mistake the slot after the gap for the skipped time', () => {
    const three = daily({}, { cron: '0 3 * * ? *' });
    expect(explain(three, gap, later).verdict).toMatchObject({ kind: 'not-due', because: 'gap' });
  });

  test.each([
    [undefined, '2026-10-25T00:30:00Z', undefined, 'and the job is due at one of them'],
    [{ fold: 'both' }, '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', 'the second is the slot 2026-10-25T01:30:00Z'],
    [{ fold: 'last' }, '2026-10-25T01:30:00Z', undefined, 'and the job is due at one of them'],
  ])('explains a repeated local time by the slot of the schedule: %j', (dst, meant, again, clocks) => {
    const { verdict, text } = explain(nightly(dst), fold, later);
    expect(verdict).toMatchObject({ slot: meant, again });
    expect(text).toContain(`clocks: this time comes twice, ${clocks}`.replace('twice, the', 'twice; the'));
  });
});
