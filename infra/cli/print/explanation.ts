import type { Job } from '../../../lib/job/job.ts';
import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { type Facts, scheduleSoFar, type Verdict, type Why } from '../../../lib/report/why.ts';
import type { Skip } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import type { Due } from '../../../lib/schedule/calendar.ts';
import { scheduleExpression } from '../../../lib/schedule/schedule.ts';
import { slotAge } from '../../../lib/schedule/slot.ts';
import { tokens } from '../../../lib/usage.ts';
import { cost, count, counted, duration } from './format.ts';
import { brief } from './sanitize.ts';
import { localized, localText, about as span } from './time.ts';

type Evidence = [label: string, text: string][];

/** One sentence, and what it rests on: a label and a text each. */
export type Explanation = { sentence: string; evidence: Evidence };

/** What was asked and is known, and the run that stands for a slot that was caught up. */
export type Question = { facts: Facts; asked: string; standIn: Run | undefined };

/** A line of evidence, where there is something to say. */
const line = (label: string, text: string | undefined): Evidence => (text === undefined ? [] : [[label, text]]);

type Of<K extends Verdict['kind']> = Extract<Why, { kind: K }>;
type Tell<K extends Verdict['kind']> = (why: Of<K>, question: Question) => Explanation;

/** How long a run is kept, in seconds. */
const keptSeconds = 400 * 86_400;

const local = (instant: string, { facts: { job } }: Question): string => localText(instant, job.schedule.timezone);

/** A recorded message in one line, its instants in the job's own time. */
const told = (message: string, question: Question): string =>
  brief(localized(message, question.facts.job.schedule.timezone), 300);

/** How a run ended, to be told of it: `succeeded`, `failed (ModelUnavailable)`. */
const endOf = ({ outcome }: Run): string => {
  if (!outcome) return 'is still open';
  if (outcome.status === 'succeeded') return 'succeeded';
  if (outcome.status === 'failed') return `failed (${outcome.failure})`;
  return outcome.status === 'skipped' ? `was skipped (${outcome.why})` : 'was missed';
};

const lateText = ({ slot, startedAt }: Run): string => {
  const ms = Date.parse(startedAt) - Date.parse(slot);
  return ms < 0 ? 'ahead of its slot' : `${ms < 60_000 ? duration(ms) : span(ms)} after its slot`;
};

const startText = (run: Run, question: Question): Evidence => {
  const { slots = [], since } = run;
  const covered = slots.length > 1 ? `, for ${counted(slots.length - 1, 'slot')} before it too` : '';
  const by = run.origin === 'watchman' ? `by the watchman${covered}` : 'by its schedule';
  return [
    ['started', `${local(run.startedAt, question)}, ${lateText(run)}, ${by}`],
    ...line('since', covered !== '' && since ? `the success before it was ${local(since, question)}` : undefined),
  ];
};

const ran: Tell<'ran'> = ({ run, outcome }, question) => {
  const failed = outcome.status === 'failed';
  const took = duration(Date.parse(outcome.endedAt) - Date.parse(run.startedAt));
  const { attempts, usage } = outcome;
  const measures = `${counted(attempts, 'attempt')}, ${took}, ${count(tokens(usage))} tokens, ${cost(usage.usd)}`;
  return {
    sentence: `it ran as ${run.id} and ${failed ? `failed: ${outcome.failure}` : 'succeeded'}.`,
    evidence: [
      ...startText(run, question),
      ['ended', `${local(outcome.endedAt, question)} after ${measures}`],
      ...line('failure', outcome.status === 'failed' ? told(outcome.message, question) : undefined),
    ],
  };
};

const refusals: Record<Skip['why'], string> = {
  disabled: 'its job file says enabled: false',
  late: 'it was delivered more than 30 hours after it was due',
  overlap: 'another run of the job was in its way',
  paused: 'the job was paused',
  breaker: 'its breaker was open, after failed runs in a row',
  budget: 'a limit of its day or month was reached',
  excluded: 'its date is excluded from the schedule',
  fold: 'its local time comes twice, and the second is meant',
  'caught-up': 'nobody delivered it in time, and another run stands for it',
};

/** Why a slot is not run, in words: those that were recorded say more where they name somebody or a run. */
const refusalText = ({ why, message }: Skip, question: Question): string =>
  message !== undefined && (why === 'paused' || why === 'overlap') ? told(message, question) : refusals[why];

const skipped: Tell<'skipped'> = ({ run, outcome }, question) => {
  const { why, message, by, endedAt } = outcome;
  const standIn = question.standIn?.id === by ? question.standIn : undefined;
  const other = by === undefined ? '' : `${by}${standIn ? ` ${endOf(standIn)}` : ' has no record yet'}`;
  const because = why === 'caught-up' && by ? `nobody delivered it in time; ${other}, and stands for it` : undefined;
  const subject = why === 'paused' && message !== undefined ? 'the job was ' : '';
  return {
    sentence: `it was skipped: ${because ?? `${subject}${refusalText(outcome, question)}`}.`,
    evidence: [
      ['outcome', `skipped (${why}), recorded ${local(endedAt, question)} as ${run.id}`],
      ...line('message', message === undefined ? undefined : told(message, question)),
      ...line('run', other || undefined),
    ],
  };
};

const missed: Tell<'missed'> = ({ run, outcome }, question) => ({
  sentence: `it was missed: no delivery was seen, and the watchman recorded it ${local(outcome.endedAt, question)}.`,
  evidence: [
    ['outcome', `missed, recorded as ${run.id}`],
    ['message', told(outcome.message, question)],
  ],
});

const queued: Tell<'queued'> = ({ run, behind }, question) => ({
  sentence: `it waits in the queue${behind.length > 0 ? ` behind ${behind.join(' and ')}` : ''}.`,
  evidence: [
    ['run', `${run.id}, recorded ${local(run.startedAt, question)}`],
    ['overlap', `${run.job.overlap}: it starts when nothing else of the job is open`],
  ],
});

const open: Tell<'open'> = ({ run, startsAt }, question) => ({
  sentence:
    startsAt === undefined
      ? `it is running as ${run.id}.`
      : `it waits as ${run.id} until ${local(startsAt, question)}, its place in the spread.`,
  evidence: startText(run, question),
});

const dueText = (skip: Due['skip']): string => (skip ? `; it will be skipped: ${refusals[skip]}` : '');

/** What would happen to a slot as things stand, where something does. */
const outlook = (refused: Skip | undefined, question: Question): string | undefined =>
  refused && `as things stand it is skipped: ${told(refused.message ?? refusals[refused.why], question)}`;

const ahead: Tell<'ahead'> = ({ due, refused }, question) => ({
  sentence: `it is due in ${span(-slotAge(due.slot, question.facts.now) * 1000)}${dueText(due.skip)}.`,
  evidence: line('outlook', due.skip ? undefined : outlook(refused, question)),
});

/** What the watchman makes of a slot that nobody delivered. */
const policyText = ({ catchUp }: Job, { slot, by }: Due, now: Date): string => {
  if (slotAge(slot, now) > catchUp.withinSeconds)
    return `it is older than catchUp.withinSeconds (${count(catchUp.withinSeconds)}): it is recorded as missed`;
  if (catchUp.policy === 'none' && by === 'schedule') return 'catchUp is none: it is recorded as missed';
  return `catchUp is ${catchUp.policy}: ${catchUp.policy === 'all' ? 'it is started' : 'the last such slot is started, for those before too'}`;
};

const unrecorded: Tell<'unrecorded'> = ({ due, refused, place, behind }, question) => {
  const { job, look, now } = question.facts;
  const looked = look
    ? `it last looked up to ${local(look.accountedUpTo, question)}; it looks every 5 minutes (here each minute), 3 minutes behind`
    : 'it looks every 5 minutes, here while `npm run dev` runs; what was due before its first look at a job may stay without record';
  const late = span(slotAge(due.slot, now) * 1000);
  return {
    sentence: `it was due ${late} ago, and nothing is recorded yet: ${look ? 'the watchman comes to it' : 'no watchman has looked at the job'}.`,
    evidence: [
      ['watchman', looked],
      ...line('place', place && `its dispatch took its place ${local(place.from, question)}, and died or is at work`),
      ...line('open', behind.length > 0 ? `${behind.join(', ')}: it is not caught up before that ends` : undefined),
      ...line('outlook', outlook(refused, question) ?? (look && policyText(job, due, now))),
    ],
  };
};

const unaccounted: Tell<'unaccounted'> = ({ due, to }, question) =>
  slotAge(due.slot, question.facts.now) > keptSeconds
    ? { sentence: 'its record is gone: runs are kept for 400 days.', evidence: [] }
    : {
        sentence: 'it was not due then: today’s schedule has it, the schedule of its time did not.',
        evidence: [
          ['watchman', `every slot up to ${local(to, question)} is accounted for, and there is no record of this one`],
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

const notDue: Tell<'not-due'> = (why, question) => {
  const { job, asked, now } = question.facts;
  const { timezone } = job.schedule;
  const slots = neighbourText(why, question);
  const then = `it ${asked.reached > now.getTime() ? 'is' : 'was'} not due then`;
  const sentences = {
    calendar: `${then}: ${slots}.`,
    gap: `that time does not exist: clocks jump over it; ${slots}.`,
    disabled: `${then}: its job file says enabled: false, so that no schedule is deployed.`,
  };
  const other = scheduleSoFar(question.facts);
  return {
    sentence: sentences[why.because],
    evidence: [
      ['schedule', `${inEnglish(job.schedule)}, ${timezone} (${scheduleExpression(job.schedule)})`],
      ...line('deployed', other && `the watchman goes by another schedule so far: ${scheduleExpression(other)}`),
    ],
  };
};

const unknowable: Tell<'unknowable'> = (_, { facts: { job } }) => ({
  sentence:
    'nothing is recorded for it, and nobody knows when it is due: a rate counts from the creation of its schedule.',
  evidence: [['schedule', inEnglish(job.schedule)]],
});

const tell: { [K in Verdict['kind']]: Tell<K> } = {
  ran,
  skipped,
  missed,
  queued,
  open,
  ahead,
  unrecorded,
  unaccounted,
  'not-due': notDue,
  unknowable,
};

const beside = ({ again, beside: runs }: Why, { facts }: Question): Evidence => {
  const twice = again
    ? `this time comes twice; the second is the slot ${again}`
    : 'this time comes twice, and is due once';
  return [
    ...line('clocks', facts.asked.instants.length > 1 ? twice : undefined),
    ...runs.flatMap((run) => line('by hand', `${run.id} ${endOf(run)}`)),
  ];
};

/** A verdict in one sentence, with its evidence under it. */
export const explanation = (why: Why, question: Question): Explanation => {
  const { job } = question.facts;
  const [instant, second] = question.facts.asked.instants;
  const about = why.slot ?? (second === undefined && instant !== undefined ? new Date(instant).toJSON() : undefined);
  const when = about === undefined ? question.asked : local(about, question);
  const { sentence, evidence } = (tell[why.kind] as Tell<Verdict['kind']>)(why, question);
  return {
    sentence: `${job.name}, ${when} ${job.schedule.timezone}: ${sentence}`,
    evidence: [...evidence, ...beside(why, question)],
  };
};
