import { type FailureName, failures } from '../../../lib/failure.ts';
import type { RunHistory, Tried } from '../../../lib/report/run-history.ts';
import { textOf } from '../../../lib/run/message.ts';
import { costOf, hasRun, type Outcome, type Ran } from '../../../lib/run/outcome.ts';
import { type Call, callsOf, isCorrection, isFinal, type Step } from '../../../lib/run/step.ts';
import { localDate, localTime, weekday } from '../../../lib/schedule/local-date.ts';
import { cost, counted, duration, tokenCount } from './format.ts';
import { type Line, type Segment, toned } from './line.ts';
import { effectsText, forgottenText } from './run-text.ts';
import { brief } from './sanitize.ts';

type Run = RunHistory['run'];

const label = (word: string): Segment => toned('dim', word.padEnd(7));
const quoted = (text: string): string => `“${brief(text, 160)}”`;

/** A slot in the time zone of its job: `Sunday 2026-11-22 08:00 Europe/Amsterdam`. */
export const slotText = ({ slot, job }: Run): string => {
  const zone = job.schedule.timezone;
  return `${weekday(slot, zone)} ${localDate(slot, zone)} ${localTime(slot, zone)} ${zone}`;
};

const heading = (run: Run): Line[] => [
  { key: 'job', segments: [label('job'), toned('strong', run.job.name)] },
  { key: 'slot', segments: [label('slot'), slotText(run), toned('dim', `  (${run.slot})`)] },
  { key: 'run', segments: [label('run'), run.id] },
  { key: 'model', segments: [label('model'), run.job.model] },
  { key: 'gap', segments: [] },
];

/** Compares an attempt's first prompt with that of the first attempt, letter by letter. */
const beginning = ({ prompt }: Tried, first: Tried): string =>
  prompt.system === first.prompt.system && prompt.prompt === first.prompt.prompt
    ? `starts clean: its first prompt is that of attempt ${first.number}, to the letter`
    : 'starts clean, plus a note of what earlier attempts left';

const callSegments = ({ call, status, output }: Call): Segment[] => {
  const good = status === 'ok' || status === 'recorded';
  const input = Object.keys(call.input).length > 0 ? ` ${brief(JSON.stringify(call.input), 80)}` : '';
  const problem = status === 'ok' ? '' : `  ${status}${good ? '' : `: ${brief(output, 100)}`}`;
  return [toned(good ? 'good' : 'bad', good ? '✓ ' : '✗ '), call.toolName, toned('dim', input), toned('warn', problem)];
};

const stepKind = (step: Step): string => {
  if (isFinal(step)) return '  final answer';
  return isCorrection(step) ? '  sent back: it does not match the result schema' : '';
};

/** A step's measures: `0.8 s, 436 tokens, $0.0021`. */
export const measures = ({ modelMs, toolMs, calls, usage }: Step): string =>
  [
    `model ${duration(modelMs)}`,
    ...(calls.length > 0 ? [`tools ${duration(toolMs)}`] : []),
    `${tokenCount(usage)}`,
    cost(usage.usd),
  ].join(' · ');

const stepLines = (step: Step, attempt: number, since: number): Line[] => {
  const key = `a${attempt}s${step.number}`;
  const text = textOf(step.messages[0]);
  const endedMs = Date.parse(step.startedAt) + step.modelMs + step.toolMs;
  return [
    {
      key,
      elapsedMs: endedMs - since,
      segments: [`  step ${step.number}  `, toned('dim', measures(step)), toned('good', stepKind(step))],
    },
    ...(text.trim() === '' ? [] : [{ key: `${key}text`, margin: true, segments: [`    ${quoted(text)}`] }]),
    ...callsOf(step).map((call, at) => ({
      key: `${key}c${at}`,
      margin: true,
      segments: ['    ', ...callSegments(call)],
    })),
  ];
};

/** What triage decided after a failed attempt, and why. `mostAttempts`: how many the job allows. */
export const decisionText = (failure: FailureName, attempt: Tried, mostAttempts: number): string => {
  if (attempt.failed?.decision.status === 'retry') {
    return `waits ${attempt.failed.decision.delaySeconds} s, then attempt ${attempt.number + 1}`;
  }
  if (failures[failure] === 'says' && attempt.number < mostAttempts)
    return 'gives up: by this failure, a new attempt would not help';
  return failures[failure] === 'final' ? `gives up: ${failure} is not tried again` : 'gives up: no attempt is left';
};

const attemptLines = (attempt: Tried, first: Tried, since: number, mostAttempts: number): Line[] => {
  const { number, startedAt, failed, steps } = attempt;
  const note = number === first.number ? '' : `  ${beginning(attempt, first)}`;
  const started: Line = {
    key: `a${number}`,
    elapsedMs: Date.parse(startedAt) - since,
    segments: [toned('strong', `attempt ${number}`), toned('dim', note)],
  };
  const stepsDone = steps.flatMap((step) => stepLines(step, number, since));
  if (!failed) return [started, ...stepsDone];
  return [
    started,
    ...stepsDone,
    {
      key: `a${number}failed`,
      whole: true,
      elapsedMs: Date.parse(failed.endedAt) - since,
      segments: [toned('bad', `  ✗ ${failed.failure}`), `: ${brief(failed.message, 2000)}`],
    },
    {
      key: `a${number}decision`,
      margin: true,
      segments: [toned('warn', `    ${decisionText(failed.failure, attempt, mostAttempts)}`)],
    },
  ];
};

/** Why a slot did not run: `skipped: paused (paused by ana since …)`, `missed: …`. */
export const notRunText = (outcome: Exclude<Outcome, Ran>): string => {
  if (outcome.status === 'missed') return `missed: ${brief(outcome.message, 400)}`;
  const { why, message, by } = outcome;
  const detail = message ?? (by === undefined ? '' : `see ${by}`);
  return `skipped: ${why}${detail === '' ? '' : ` (${brief(detail, 400)})`}`;
};

const outcomeLines = (run: Run, since: number): Line[] => {
  const { outcome, job } = run;
  if (!outcome) return [];
  const elapsedMs = Date.parse(outcome.endedAt) - since;
  const { usage } = outcome;
  const spent = `${duration(elapsedMs)} · ${tokenCount(usage)} · ${cost(costOf(outcome))}`;
  const effects = effectsText(run);
  const line = (...segments: Segment[]): Line[] => [
    { key: 'outcome', elapsedMs, whole: true, segments },
    ...(effects === undefined
      ? []
      : [{ key: 'effects', margin: true, whole: true, segments: [`  calls: ${effects}`] }]),
    ...(forgottenText(run) === ''
      ? []
      : [
          {
            key: 'forgotten',
            margin: true,
            whole: true,
            segments: [toned('warn', `  ${forgottenText(run)}`)],
          },
        ]),
  ];
  if (!hasRun(outcome)) return line(toned('warn', `– ${notRunText(outcome)}`));
  const after = `${counted(outcome.attempts, 'attempt')} of at most ${job.retry.attempts}`;
  if (outcome.status === 'failed') {
    return line(toned('bad', `✗ failed after ${after}: ${outcome.failure}`), `  ${spent}`);
  }
  const steps = counted(outcome.steps, 'step');
  return line(toned('good', `✓ succeeded after ${after}`), `  the last one in ${steps} · ${spent}`);
};

/** A run as lines, in the order of its events. A later history of the same run only adds lines. */
export const timeline = ({ run, attempts }: RunHistory): Line[] => {
  const since = Date.parse(run.startedAt);
  return [
    ...heading(run),
    ...attempts.flatMap((attempt) => attemptLines(attempt, attempts[0] ?? attempt, since, run.job.retry.attempts)),
    ...outcomeLines(run, since),
  ];
};

/** What a run is doing now, by its items. Undefined when it has ended. */
export const doing = ({ run, attempts }: RunHistory, now: Date): string | undefined => {
  if (run.outcome) return undefined;
  const last = attempts.at(-1);
  if (!last) return 'starting';
  if (last.failed?.decision.status === 'retry') {
    const leftMs = Date.parse(last.failed.endedAt) + last.failed.decision.delaySeconds * 1000 - now.getTime();
    const next = `attempt ${last.number + 1}`;
    return leftMs > 0 ? `waiting ${duration(leftMs)} before ${next}` : `starting ${next}`;
  }
  const answer = last.steps.at(-1);
  if (last.failed || (answer && isFinal(answer))) return 'recording the outcome';
  return `attempt ${last.number}: working on step ${last.steps.length + 1}`;
};
