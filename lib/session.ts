import type { Message } from './message.ts';
import type { Step } from './step.ts';
import { addUsage, noUsage, type Usage } from './usage.ts';

/** `<runId>/a<attempt>`: a session belongs to one attempt, so nothing of an earlier one can be read by the next. */
export const sessionKey = (runId: string, attempt: number): string => `${runId}/a${attempt}`;

/** The sessions of the service: append-only. */
export type Sessions = {
  /** Every committed step in order, read consistently. A step with a gap before it or that does not fit throws DamagedItem. */
  load(key: string): Promise<Step[]>;
  /**
   * Commits a step under its number. Throws SessionConflict where that number is taken, ItemTooLarge (before the network)
   * past DynamoDB's 400 KB. Never overwrites.
   */
  append(key: string, step: Step): Promise<void>;
};

/** The prompt a session stands for: how it began and every committed step. */
export const conversation = (prompt: string, steps: Step[]): Message[] => [
  { role: 'user', content: prompt },
  ...steps.flatMap((step): Message[] => step.turn),
];

/** What a session's committed steps used. */
export const committedUsage = async (key: string, sessions: Sessions): Promise<Usage> =>
  (await sessions.load(key)).reduce((sum, step) => addUsage(sum, step.usage), noUsage);
