import { Failure } from '../failure.ts';
import { noUsage, type Usage } from '../usage.ts';
import { type Message, textOf } from './message.ts';
import { resultReader } from './result.ts';
import { isFinal, type Step, usageOf } from './step.ts';

/** `<runId>/a<attempt>`: a session belongs to one attempt, so a later attempt never reads an earlier one's steps. */
export const sessionKey = (runId: string, attempt: number): string => `${runId}/a${attempt}`;

/** The sessions of the service: append-only. */
export type Sessions = {
  /** Every committed step in order, read consistently. Throws DamagedItem for a missing number, an invalid step, or a repeated call id. */
  load(key: string): Promise<Step[]>;
  /**
   * Commits a step under its number, and never overwrites one. Throws SessionConflict where the number is taken. Before any request, throws
   * ItemTooLarge above DynamoDB's 400 KB, and DamagedItem for an invalid step.
   */
  append(key: string, step: Step): Promise<void>;
};

/** A session as messages for the model: the prompt, then every committed step. */
export const conversation = (prompt: string, steps: Step[]): Message[] => [
  { role: 'user', content: prompt },
  ...steps.flatMap((step): Message[] => step.messages),
];

/** What a session holds: how many steps, their usage, and whether the last is a final answer that fits the job. */
export type Committed = { steps: number; usage: Usage; answered: boolean };

/** Sums a session up. A damaged one counts as no steps with unknown cost, so that its run can still end. */
export const committed = async (
  key: string,
  result: Record<string, unknown> | undefined,
  sessions: Sessions,
): Promise<Committed> => {
  const readResult = await resultReader(result);
  try {
    const steps = await sessions.load(key);
    const last = steps.at(-1);
    const answered = last !== undefined && isFinal(last) && 'value' in readResult(textOf(last.messages[0]));
    return { steps: steps.length, usage: usageOf(steps), answered };
  } catch (thrown) {
    if (!(thrown instanceof Failure && thrown.name === 'DamagedItem')) throw thrown;
    return { steps: 0, usage: { ...noUsage, usd: null }, answered: false };
  }
};
