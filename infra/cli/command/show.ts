import { Failure } from '../../../lib/failure.ts';
import { mustBeRunId, type RunHistory, resultOf, runHistory, type Tried } from '../../../lib/report/run-history.ts';
import { textOf } from '../../../lib/run/message.ts';
import { costOf, hasRun } from '../../../lib/run/outcome.ts';
import { type Call, callsOf, isCorrection, isFinal, type Step } from '../../../lib/run/step.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { runDetailJson } from '../contract/run.ts';
import { exitCodes } from '../print/exit.ts';
import { cost, count, counted, duration, tokenCount } from '../print/format.ts';
import { type Line, type Segment, toned } from '../print/line.ts';
import { effectsText, forgottenText } from '../print/run-text.ts';
import { brief, json, sanitize } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { decisionText, measures, notRunText, slotText } from '../print/timeline.ts';
import { waitingLines } from '../print/waiting.ts';

const line = (...segments: Segment[]): Line => ({ key: '', segments });
const whole = (...segments: Segment[]): Line => ({ ...line(...segments), whole: true });
const label = (word: string): Segment => toned('dim', word.padEnd(9));

/** How many lines, and characters of a line, people are shown of a text; and characters of a failure's message. */
const most = { lines: 12, letters: 400, message: 2000 };

const block = (text: string, indent: string): Line[] => {
  const lines = sanitize(text).trim().split('\n');
  const kept = lines.slice(0, most.lines).map((one) => line(indent, brief(one, most.letters)));
  const rest = lines.length - kept.length;
  return rest > 0 ? [...kept, line(indent, toned('dim', `… ${counted(rest, 'more line')}; --json has all`))] : kept;
};

const endText = ({ run }: RunHistory): Segment => {
  const { outcome } = run;
  if (!outcome) return toned('warn', 'open: it has no outcome yet');
  if (!hasRun(outcome)) return toned('warn', notRunText(outcome));
  const after = `after ${counted(outcome.attempts, 'attempt')}`;
  return outcome.status === 'succeeded'
    ? toned('good', `succeeded ${after}`)
    : toned('bad', `failed ${after}: ${outcome.failure}: ${brief(outcome.message, most.message)}`);
};

const overview = (seen: RunHistory): Line[] => {
  const { run } = seen;
  const { outcome } = run;
  const effects = effectsText(run);
  const took = outcome && Date.parse(outcome.endedAt) - Date.parse(run.startedAt);
  return [
    line(label('run'), toned('strong', run.id)),
    line(label('job'), run.job.name),
    line(label('slot'), slotText(run), toned('dim', `  (${run.slot})`)),
    line(label('model'), run.job.model),
    line(label('started'), run.startedAt, ...(took === null ? [] : [toned('dim', `  took ${duration(took)}`)])),
    whole(label('outcome'), endText(seen)),
    ...(outcome ? [line(label('used'), `${tokenCount(outcome.usage)} · ${cost(costOf(outcome))}`)] : []),
    ...(effects === undefined ? [] : [whole(label('effects'), effects)]),
    ...(forgottenText(run) === '' ? [] : [whole(label('result'), toned('warn', forgottenText(run)))]),
  ];
};

const promptLines = ({ prompt }: Tried): Line[] => [
  line(),
  line(toned('strong', 'first prompt')),
  ...(prompt.system ? [line(toned('dim', '  system')), ...block(prompt.system, '    ')] : []),
  line(toned('dim', '  user')),
  ...block(prompt.prompt, '    '),
];

const callLines = ({ call, status, output }: Call): Line[] => [
  line('    → ', call.toolName, ' ', toned('dim', brief(JSON.stringify(call.input), most.letters))),
  line('    ← ', toned(status === 'ok' || status === 'recorded' ? 'good' : 'bad', status)),
  ...block(output, '      '),
];

const stepLines = (step: Step): Line[] => {
  const text = textOf(step.messages[0]);
  const { inputTokens, outputTokens } = step.usage;
  const split = ` (${count(inputTokens)} in, ${count(outputTokens)} out)`;
  const kind = isFinal(step) ? '  final answer' : '';
  return [
    line(`  step ${step.number}  `, toned('dim', measures(step) + split), toned('good', kind)),
    ...(text.trim() === '' ? [] : block(text, '    ')),
    ...callsOf(step).flatMap(callLines),
    ...(isCorrection(step) ? [line('    ← ', toned('warn', 'sent back')), ...block(corrected(step), '      ')] : []),
  ];
};

const corrected = ({ messages: [, answer] }: Step): string => (answer?.role === 'user' ? answer.content : '');

const attemptLines = (attempt: Tried, first: Tried, mostAttempts: number): Line[] => {
  const { number, startedAt, failed, steps, prompt } = attempt;
  const same = JSON.stringify(prompt) === JSON.stringify(first.prompt);
  return [
    ...(number === first.number || !same ? promptLines(attempt) : []),
    line(),
    line(
      toned('strong', `attempt ${number}`),
      toned('dim', `  ${startedAt}`),
      toned('dim', number !== first.number && same ? '  the same first prompt' : ''),
    ),
    ...steps.flatMap(stepLines),
    ...(failed
      ? [
          whole('  ', toned('bad', `✗ ${failed.failure}`), `: ${brief(failed.message, most.message)}`),
          line('    ', toned('warn', decisionText(failed.failure, attempt, mostAttempts))),
        ]
      : []),
  ];
};

const read = async (runId: string, place: Target): Promise<{ seen: RunHistory; waiting: number }> => {
  mustBeRunId(runId);
  const found = await reading(place, async ({ stores, waiting }) => ({
    seen: await runHistory(runId, stores),
    waiting,
  }));
  if (found) return found;
  throw new Failure('UnknownRun', `there is no run ${runId}, and no other in ${place.data}`);
};

/** Shows a run: its attempts, their prompts and every step. Long texts are cut for people and whole in JSON. Reads only. Throws UnknownRun. */
export const show = async (runId: string, options: Target & { json?: boolean }, out: Terminal): Promise<number> => {
  const { seen, waiting } = await read(runId, options);
  const result = await resultOf(seen);
  if (options.json) {
    out.say(json(runDetailJson(seen, result) satisfies CommandJson['show']));
    return exitCodes.succeeded;
  }
  const [first] = seen.attempts;
  out.print([
    ...overview(seen),
    ...(first ? seen.attempts.flatMap((attempt) => attemptLines(attempt, first, seen.run.job.retry.attempts)) : []),
  ]);
  if (!seen.run.outcome) out.print(waitingLines(waiting));
  if (seen.run.job.result && result !== null) out.say(`\nresult\n${json(result)}`);
  return exitCodes.succeeded;
};
