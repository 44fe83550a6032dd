import type { Job } from '../../../lib/job/job.ts';
import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { type Facts, scheduleSoFar, type Verdict, type Why } from '../../../lib/report/why.ts';
import { costOf, type Skip } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import type { Due } from '../../../lib/schedule/calendar.ts';
import { scheduleExpression } from '../../../lib/schedule/schedule.ts';
import { slotAge } from '../../../lib/schedule/slot.ts';
import { cost, count, counted, duration, tokenCount } from './format.ts';
import { effectsText, endOf, lateText } from './run-text.ts';
import { brief } from './sanitize.ts';
import { localized, localText, about as span } from './time.ts';

type Evidence = [label: string, text: string][];

/** One sentence and its evidence, each piece with a label. */
export type Explanation = { sentence: string; evidence: Evidence };

/** The time asked about and the facts of it. `coveredBy`: the later run that covers a slot caught up. */
export type Question = { facts: Facts; asked: string; coveredBy: Run | undefined };

/** A line of evidence, or none without a text. */
const line = (label: string, text: string | undefined): Evidence => (text === undefined ? [] : [[label, text]]);

type Of<K extends Verdict['kind']> = Extract<Why, { kind: K }>;
type Explain<K extends Verdict['kind']> = (why: Of<K>, question: Question) => Explanation;

/** How long the table keeps a run. */
const keptSeconds = 400 * 86_400;

const local = (instant: string, { facts: { job } }: Question): string => localText(instant, job.schedule.timezone);

/** A recorded message in one line, its instants in the job's time zone. */
const messageText = (message: string, question: Question): string =>
  brief(localized(message, question.facts.job.schedule.timezone), 300);

const startText = (run: Run, question: Question): Evidence => {
  const { slots = [], since } = run;
  const covered = slots.length > 1 ? `, for ${counted(slots.length - 1, 'earlier slot')} too` : '';
  const by = run.origin === 'watchman' ? `by the watchman${covered}` : 'by its schedule';
  return [
    ['started', `${local(run.startedAt, question)}, ${lateText(run)}, ${by}`],
    ...line(
      'since',
      covered !== '' && since ? `the last success before it was on ${local(since, question)}` : undefined,
    ),
  ];
};

const ran: Explain<'ran'> = ({ run, outcome }, question) => {
  const failed = outcome.status === 'failed';
  const took = duration(Date.parse(outcome.endedAt) - Date.parse(run.startedAt));
  const { attempts, usage } = outcome;
  const measures = `${counted(attempts, 'attempt')}, ${took}, ${tokenCount(usage)}, ${cost(costOf(outcome))}`;
  return {
    sentence: `it ran as ${run.id} and ${failed ? `failed: ${outcome.failure}` : 'succeeded'}.`,
    evidence: [
      ...startText(run, question),
      ['ended', `${local(outcome.endedAt, question)} after ${measures}`],
      ...line('effects', effectsText(run)),
      ...line('failure', outcome.status === 'failed' ? messageText(outcome.message, question) : undefined),
    ],
  };
};

const refusals: Record<Skip['why'], string> = {
  disabled: 'its job file says enabled: false',
  late: 'it was delivered more than 30 hours after it was due',
  overlap: 'another run of the job was still open',
  paused: 'the job was paused',
  breaker: 'its breaker was open after failed runs in a row',
  budget: 'a limit of its day or month was reached',
  excluded: 'its date is excluded from the schedule',
  fold: 'its local time comes twice, and the job runs at the second one',
  'caught-up': 'EventBridge did not deliver it in time, and a later run covers it',
};

/** Why a slot is not run. A recorded message says more where it names an operator or a run. */
const refusalText = ({ why, message }: Skip, question: Question): string =>
  message !== undefined && (why === 'paused' || why === 'overlap') ? messageText(message, question) : refusals[why];

const skipped: Explain<'skipped'> = ({ run, outcome }, question) => {
  const { why, message, by, endedAt } = outcome;
  const coveredBy = question.coveredBy?.id === by ? question.coveredBy : undefined;
  const other = by === undefined ? '' : `${by} ${coveredBy ? endOf(coveredBy) : 'has no record yet'}`;
  const because =
    why === 'caught-up' && by
      ? `EventBridge did not deliver it in time, and a later run covers it: ${other}`
      : undefined;
  const subject = why === 'paused' && message !== undefined ? 'the job was ' : '';
  return {
    sentence: `it was skipped: ${because ?? `${subject}${refusalText(outcome, question)}`}.`,
    evidence: [
      ['outcome', `skipped (${why}), recorded ${local(endedAt, question)} as ${run.id}`],
      ...line('message', message === undefined ? undefined : messageText(message, question)),
      ...line('run', other || undefined),
    ],
  };
};

const missed: Explain<'missed'> = ({ run, outcome }, question) => ({
  sentence: `it was missed: no delivery arrived, and the watchman recorded that on ${local(outcome.endedAt, question)}.`,
  evidence: [
    ['outcome', `missed, recorded as ${run.id}`],
    ['message', messageText(outcome.message, question)],
  ],
});

const queued: Explain<'queued'> = ({ run, behind }, question) => ({
  sentence: `it waits in the queue${behind.length > 0 ? ` behind ${behind.join(' and ')}` : ''}.`,
  evidence: [
    ['run', `${run.id}, recorded ${local(run.startedAt, question)}`],
    ['overlap', `${run.job.overlap}: it starts when no other run of the job is open`],
  ],
});

const open: Explain<'open'> = ({ run, startsAt }, question) => ({
  sentence:
    startsAt === undefined
      ? `it is running as ${run.id}.`
      : `it waits as ${run.id} until ${local(startsAt, question)}, because the job spreads its starts.`,
  evidence: startText(run, question),
});

const dueText = (skip: Due['skip']): string => (skip ? `; it will be skipped: ${refusals[skip]}` : '');

/** Why a slot would be skipped if nothing changed. */
const outlook = (refused: Skip | undefined, question: Question): string | undefined =>
  refused && `it would be skipped now: ${messageText(refused.message ?? refusals[refused.why], question)}`;

const ahead: Explain<'ahead'> = ({ due, refused }, question) => ({
  sentence: `it is due in ${span(-slotAge(due.slot, question.facts.now) * 1000)}${dueText(due.skip)}.`,
  evidence: line('outlook', due.skip ? undefined : outlook(refused, question)),
});

/** What the watchman will do with a slot that was not delivered. */
const policyText = ({ catchUp }: Job, { slot, by }: Due, now: Date): string => {
  if (slotAge(slot, now) > catchUp.withinSeconds)
    return `it is older than catchUp.withinSeconds (${count(catchUp.withinSeconds)}): the watchman records it as missed`;
  if (catchUp.policy === 'none' && by === 'schedule') return 'catchUp is none: the watchman records it as missed';
  const starts = catchUp.policy === 'all' ? 'starts it' : 'starts the last such slot, which covers those before it';
  return `catchUp is ${catchUp.policy}: the watchman ${starts}`;
};

const unrecorded: Explain<'unrecorded'> = ({ due, refused, lease, behind }, question) => {
  const { job, checkpoint, now } = question.facts;
  const checked = checkpoint
    ? `it has checked every slot up to ${local(checkpoint.accountedUpTo, question)}; it runs every 5 minutes (locally each minute) and stays 3 minutes behind`
    : 'it runs every 5 minutes, locally while `npm run dev` runs; a slot due before its first check of a job may stay without a record';
  const late = span(slotAge(due.slot, now) * 1000);
  return {
    sentence: `it was due ${late} ago, and nothing is recorded yet: ${checkpoint ? 'the watchman has not checked that time yet' : 'the watchman has not checked the job yet'}.`,
    evidence: [
      ['watchman', checked],
      ...line(
        'lease',
        lease && `the dispatcher reserved it on ${local(lease.from, question)} and is still at work, or died`,
      ),
      ...line(
        'open',
        behind.length > 0
          ? `${behind.join(' and ')}: the watchman starts this slot only after the end of that`
          : undefined,
      ),
      ...line('outlook', outlook(refused, question) ?? (checkpoint && policyText(job, due, now))),
    ],
  };
};

const closed: Explain<'closed'> = ({ range: { from, to, closedAt } }, question) => ({
  sentence: 'missed: it was not delivered, and the watchman found that too late to start it.',
  evidence: [
    ['missed with', `all slots from ${local(from, question)} to ${local(to, question)} that have no run`],
    [
      'watchman',
      `it recorded them together on ${local(closedAt, question)}, because there were too many to judge each`,
    ],
  ],
});

const unaccounted: Explain<'unaccounted'> = ({ due, to }, question) =>
  slotAge(due.slot, question.facts.now) > keptSeconds
    ? { sentence: 'its record is gone: runs are kept for 400 days.', evidence: [] }
    : {
        sentence: 'it was not due then: it is a slot of today’s schedule, but was none of the schedule at that time.',
        evidence: [
          ['watchman', `it has checked every slot up to ${local(to, question)}, and there is no record of this one`],
          ['so', 'the job was not deployed yet, was disabled, or had another schedule'],
        ],
      };

const neighbourText = ({ before, next }: Of<'not-due'>, question: Question): string => {
  const slots = [
    before && `the slot before is ${local(before.slot, question)}`,
    next && `the next is ${local(next.slot, question)}`,
  ].filter((text) => text !== undefined);
  return slots.length > 0 ? slots.join(', ') : 'it has no slot before and none after';
};

const notDue: Explain<'not-due'> = (why, question) => {
  const { job, asked, now } = question.facts;
  const { timezone } = job.schedule;
  const slots = neighbourText(why, question);
  const then = `it ${asked.reached > now.getTime() ? 'is' : 'was'} not due then`;
  const sentences = {
    calendar: `${then}: ${slots}.`,
    gap: `that time does not exist: clocks jump over it; ${slots}.`,
    disabled: `${then}: its job file says enabled: false, so no schedule is deployed.`,
  };
  const other = scheduleSoFar(question.facts);
  return {
    sentence: sentences[why.because],
    evidence: [
      ['schedule', `${inEnglish(job.schedule)}, ${timezone} (${scheduleExpression(job.schedule)})`],
      ...line('deployed', other && `the watchman still uses the schedule before: ${scheduleExpression(other)}`),
    ],
  };
};

const unknowable: Explain<'unknowable'> = (_, { facts: { job } }) => ({
  sentence: 'nothing is recorded for it, and its slots are unknown: a rate counts from the creation of its schedule.',
  evidence: [['schedule', inEnglish(job.schedule)]],
});

const explain: { [K in Verdict['kind']]: Explain<K> } = {
  ran,
  skipped,
  missed,
  queued,
  open,
  ahead,
  unrecorded,
  closed,
  unaccounted,
  'not-due': notDue,
  unknowable,
};

const beside = ({ again, beside: runs }: Why, { facts }: Question): Evidence => {
  const twice = again
    ? `this time comes twice; the second is the slot ${again}`
    : 'this time comes twice, and the job is due at one of them';
  return [
    ...line('clocks', facts.asked.instants.length > 1 ? twice : undefined),
    ...runs.flatMap((run) => line('by hand', `${run.id} ${endOf(run)}`)),
  ];
};

/** A verdict in one sentence, with its evidence. */
export const explanation = (why: Why, question: Question): Explanation => {
  const { job } = question.facts;
  const [instant, second] = question.facts.asked.instants;
  const about = why.slot ?? (second === undefined && instant !== undefined ? new Date(instant).toJSON() : undefined);
  const when = about === undefined ? question.asked : local(about, question);
  const { sentence, evidence } = (explain[why.kind] as Explain<Verdict['kind']>)(why, question);
  return {
    sentence: `${job.name}, ${when} ${job.schedule.timezone}: ${sentence}`,
    evidence: [...evidence, ...beside(why, question)],
  };
};
