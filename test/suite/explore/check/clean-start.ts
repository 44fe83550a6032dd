import type { EventOf } from '../history.ts';
import { effectsBefore, type Known } from '../known-effect.ts';
import type { Facts, Numbered } from '../schedule-facts.ts';
import { marksIn } from '../simulated-model.ts';

const failurePattern = /\n\nAn earlier attempt at this failed: (\w+)\.(?: It left nothing behind that you can see\.)?$/;
const unknownPattern =
  /\n\nIt is not known whether these calls of earlier attempts took place\. They are not repeated:((?:\n- \S.*)+)$/;
const donePattern =
  /\n\nEarlier attempts at this made these calls\. They are done, so do not make them again:((?:\n- \S.*)+)$/;

/** The part of a prompt before a note, and the note's own words. */
const split = (text: string, pattern: RegExp): [rest: string, note: string | undefined] => [
  text.replace(pattern, ''),
  pattern.exec(text)?.[1],
];
const linesOf = (note = ''): string => note.split('\n- ').filter(Boolean).sort().join();

/** The payments of earlier attempts, as the claiming process read them. */
const paidBefore = ({ runId, attempt, actor, order }: Asked, facts: Facts) => {
  const read = facts
    .of('point')
    .find((point) => point.actor === actor && point.what.startsWith(`Query run#${runId} effect# `));
  const earlier = effectsBefore(runId, read?.order ?? order, facts).filter((effect) => effect.attempt < attempt);
  const named = (status: Known['status']): string =>
    earlier
      .filter((effect) => effect.status === status)
      .map(({ tool, to }) => `${tool} to ${to}`)
      .sort()
      .join();
  return { done: named('done'), unknown: named('unknown') };
};

type Asked = Numbered<EventOf<'asked'>>;

/** What is wrong with an attempt's first prompt, which is the job's prompt, the note if the job asks for it, and what earlier attempts paid. */
const firstPrompt = (asked: Asked, facts: Facts): string | undefined => {
  const { runId, attempt, request } = asked;
  const job = facts.runs.find(({ id }) => id === runId)?.job;
  const [first, ...more] = request.messages;
  if (more.length > 0) return 'it holds more than one message';
  if (first?.role !== 'user' || !job) return "it does not begin with the job's prompt";
  const [withDone, unknown] = split(first.content, unknownPattern);
  const [withFailure, done] = split(withDone, donePattern);
  const [prompt, failure] = split(withFailure, failurePattern);
  if (prompt !== job.prompt) return `it says ${JSON.stringify(first.content)}`;
  const before = facts.attempts(runId)[attempt - 2]?.failed?.failure;
  if ((job.retry.note && attempt > 1 ? before : undefined) !== failure) return `its note says ${failure}`;
  const paid = paidBefore(asked, facts);
  if (linesOf(done) !== paid.done) return `it says that ${linesOf(done)} is done, and that is ${paid.done}`;
  if (linesOf(unknown) !== paid.unknown)
    return `it says that ${linesOf(unknown)} is not known, and that is ${paid.unknown}`;
  return marksIn(request.system ?? '').length > 0 ? 'its system prompt holds something of a session' : undefined;
};

/** Marks in a request that come from another attempt. Outputs of recorded effects are allowed. */
const foreign = ({ runId, attempt, request }: EventOf<'asked'>): string[] =>
  marksIn(JSON.stringify(request)).filter(
    (mark) =>
      !mark.endsWith(` of ${runId}/a${attempt}⟩`) && !(mark.startsWith('⟨pay ') && mark.includes(` of ${runId}/a`)),
  );

/** 3. No prompt of a new attempt holds anything of an earlier session except the declared note. */
export const cleanStart = (facts: Facts): string[] => {
  const begun = new Set<string>();
  return facts.of('asked').flatMap((asked) => {
    const { actor, runId, attempt } = asked;
    const where = `${actor}, attempt ${attempt} of ${runId}`;
    const invoked = facts.of('invoked').find((event) => event.actor === actor)?.event as { version?: number };
    const isFirst = invoked.version === 0 && !begun.has(actor);
    begun.add(actor);
    const wrong = isFirst ? firstPrompt(asked, facts) : undefined;
    return [
      ...(wrong ? [`${where}: its first prompt is not clean: ${wrong}`] : []),
      ...foreign(asked).map((mark) => `${where}: its prompt holds ${mark} of another attempt`),
    ];
  });
};
