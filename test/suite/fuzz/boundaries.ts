import type { Boundary } from './boundary.ts';

/** Every boundary with its share of 100,000 cases. A boundary is loaded only when it runs. */
export const boundaries = {
  'job text': { cases: 16_000, open: async () => (await import('./boundaries/job-text.ts')).jobText() },
  'job directory': { cases: 300, open: async () => (await import('./boundaries/job-directory.ts')).jobDirectory() },
  schedule: { cases: 29_100, open: async () => (await import('./boundaries/schedule.ts')).schedule() },
  calendar: { cases: 2_000, open: async () => (await import('./boundaries/calendar.ts')).calendar() },
  'dispatch event': {
    cases: 3_500,
    open: async () => (await import('./boundaries/dispatch-event.ts')).dispatchEvent(),
  },
  'attempt state': { cases: 1_200, open: async () => (await import('./boundaries/machine-state.ts')).attemptState() },
  'triage state': { cases: 5_000, open: async () => (await import('./boundaries/machine-state.ts')).triageState() },
  'settle state': { cases: 5_000, open: async () => (await import('./boundaries/machine-state.ts')).settleState() },
  'stored record': { cases: 18_000, open: async () => (await import('./boundaries/stored-record.ts')).storedRecord() },
  'stored session': {
    cases: 12_000,
    open: async () => (await import('./boundaries/stored-session.ts')).storedSession(),
  },
  'anthropic reply': { cases: 1_800, open: async () => (await import('./boundaries/model-reply.ts')).anthropicReply() },
  'openai-compatible reply': {
    cases: 1_800,
    open: async () => (await import('./boundaries/model-reply.ts')).openaiReply(),
  },
  'bedrock reply': { cases: 1_800, open: async () => (await import('./boundaries/model-reply.ts')).bedrockReply() },
  'http answer': { cases: 2_500, open: async () => (await import('./boundaries/http-answer.ts')).httpAnswer() },
} satisfies Record<string, { cases: number; open(): Promise<Boundary> }>;

export type BoundaryName = keyof typeof boundaries;
