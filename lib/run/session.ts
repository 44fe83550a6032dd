import { Failure } from '../failure.ts';
import { noUsage, type Usage } from '../usage.ts';
import { type Message, textOf } from './message.ts';
import { resultReader } from './result.ts';
import { isFinal, type Step, usageOf } from './step.ts';

/** `<runId>/a<attempt>`: a session belongs to one attempt, so nothing of an earlier one can be read by the next. */
export const sessionKey = (runId: string, attempt: number): string => `${runId}/a${attempt}`;

/** The sessions of the service: append-only. */
export type Sessions = {
  /** Every committed step in order, read consistently. A step with a gap before it, that does not fit, or with a call whose id an earlier one has throws DamagedItem. */
  load(key: string): Promise<Step[]>;
  /**
   * Commits a step under its number. Throws SessionConflict where that number is taken; before the network, ItemTooLarge past
   * DynamoDB's 400 KB and DamagedItem for what is no whole step. Never overwrites.
   */
  append(key: string, step: Step): Promise<void>;
};

/** The prompt a session stands for: how it began and every committed step. */
export const conversation = (prompt: string, steps: Step[]): Message[] => [
  { role: 'user', content: prompt },
  ...steps.flatMap((step): Message[] => step.messages),
];

/** What a session comes to: how many steps, what they used, and whether the last is a final answer that fits the job. */
export type Committed = { steps: number; usage: Usage; answered: boolean };

/** Reads what a session comes to. One that is damaged has used nobody knows how much; that it may not be read stops nobody. */
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
