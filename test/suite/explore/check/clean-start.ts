import type { EventOf } from '../history.ts';
import type { Facts } from '../schedule-facts.ts';
import { marksIn } from '../simulated-model.ts';

const notePattern = /\n\nAn earlier attempt at this failed: (\w+)\. It left nothing behind that you can see\.$/;

/** What is wrong with an attempt's first prompt, which is the job's prompt and, where the job asks for it, the note. */
const firstPrompt = ({ runId, attempt, request }: EventOf<'asked'>, { runs, attempts }: Facts): string | undefined => {
  const job = runs.find(({ id }) => id === runId)?.job;
  const [first, ...more] = request.messages;
  if (more.length > 0) return 'it holds more than one message';
  if (first?.role !== 'user' || !job) return "it does not begin with the job's prompt";
  const before = attempts(runId)[attempt - 2]?.failed?.failure;
  const note = notePattern.exec(first.content);
  if (first.content.replace(notePattern, '') !== job.prompt) return `it says ${JSON.stringify(first.content)}`;
  if ((job.retry.note && attempt > 1 ? before : undefined) !== note?.[1]) return `its note says ${note?.[1]}`;
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
