import type { ModelReply, ReplyPart } from '../../../lib/agent/model.ts';
import type { ToolErrorKind } from '../../../lib/agent/tool.ts';
import { giveUpName } from '../../../lib/job/job.ts';
import type { Answer, Ask } from './gate.ts';
import type { ModelAnswer, ModelCall, ToolAnswer, ToolCall } from './handlers.ts';
import type { NewEvent } from './history.ts';
import type { Play, Turn } from './play.ts';

const usage = { inputTokens: 100, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0.001 };

/** A unique mark. A text that contains it was derived from this reply or tool output. */
const markOf = (what: string, runId: string, attempt: number, serial: number): string =>
  `⟨${what} ${serial} of ${runId}/a${attempt}⟩`;
export const marksIn = (text: string): string[] => text.match(/⟨[^⟩]+⟩/g) ?? [];

const contentOf = (turn: Exclude<Turn, { fails: unknown }>, mark: string, serial: number): ReplyPart[] => {
  if ('says' in turn) {
    const text = turn.says.includes('MARK') ? turn.says.replace('MARK', mark) : `${turn.says} ${mark}`;
    return [{ type: 'text', text }];
  }
  if ('givesUp' in turn) {
    const input = { reason: 'It cannot be done.', tryAgain: turn.givesUp === 'for now' };
    return [{ type: 'tool-call', toolCallId: `call_${serial}_0`, toolName: giveUpName, input }];
  }
  const calls = turn.calls.map(([toolName, to], at): ReplyPart => {
    return { type: 'tool-call', toolCallId: `call_${serial}_${at}`, toolName, input: { to } };
  });
  return [{ type: 'text', text: `Let me see. ${mark}` }, ...calls];
};

const replyOf = (
  turn: Exclude<Turn, { fails: unknown }>,
  runId: string,
  attempt: number,
  number: number,
): ModelReply => ({
  content: contentOf(turn, markOf('reply', runId, attempt, number), number),
  finish: 'says' in turn ? 'stop' : 'tool-calls',
  usage,
});

/** A reply as a fault damages it. */
const marred = (reply: ModelReply, fault: string | undefined): ModelReply => {
  if (fault === 'empty') return { ...reply, content: [] };
  if (fault === 'blank') return { ...reply, content: [{ type: 'text', text: ' ' }, ...reply.content] };
  return fault === 'cut' ? { ...reply, finish: 'length' } : reply;
};

export type AgentDeps = {
  play: Play;
  pass(ask: Ask): Promise<Answer>;
  /** Returns a new number each time. */
  serial(): number;
  record(what: NewEvent): void;
  /** Aborts this signal as its timeout would. */
  expire(signal: AbortSignal): void;
  actor(): string;
  /** The number of the slot of a run. */
  slotOf(run: string): number;
};

/** The simulated model of a job. Its reply depends on the prompt alone, except for its mark. */
export const simulatedModel =
  ({ play, pass, serial, record, expire, actor, slotOf }: AgentDeps) =>
  async ({ runId, attempt, request, signal }: ModelCall): Promise<ModelAnswer> => {
    const taken = request.messages.filter(({ role }) => role === 'assistant').length;
    const turn = play.turns(attempt, slotOf(runId))[taken] ?? { fails: 'InvalidPrompt' };
    const { fault, value } = await pass({
      kind: 'model',
      what: `asks the model, ${taken} turns into attempt ${attempt}`,
      perform: () => {
        const reply = 'fails' in turn ? undefined : replyOf(turn, runId, attempt, serial());
        record({ type: 'asked', actor: actor(), runId, attempt, request, reply });
        return reply;
      },
    });
    if (fault === 'hang') {
      expire(signal);
      return new Promise(() => {});
    }
    if (fault === 'ModelThrottled') return { failure: fault, retryAfterSeconds: 3 };
    if (fault === 'ModelUnavailable' || fault === 'InvalidPrompt' || fault === 'Unauthorized')
      return { failure: fault };
    if ('fails' in turn) return { failure: turn.fails };
    return { reply: marred(value as ModelReply, fault) };
  };

/** Targets whose calls end in a way of their own, without a fault: unreachable, refused (as by 401), or answered with an error after the act (as by 500). */
const ends: Record<string, { fails: ToolErrorKind; acts: boolean }> = {
  nowhere: { fails: 'unreachable', acts: false },
  denied: { fails: 'refused', acts: false },
  'b-denied': { fails: 'refused', acts: false },
  broken: { fails: 'interrupted', acts: true },
};

/** A tool's answer: by its fault, else as its target ends each call, else its output. */
const answered = (fault: string | undefined, end: ToolErrorKind | undefined, output: string): ToolAnswer => {
  if (fault === 'refused' || fault === 'bug' || fault === 'unreachable') return { fails: fault };
  if (fault === 'interrupted' || fault === 'unseen') return { fails: 'interrupted' };
  return end ? { fails: end } : { output };
};

/** The simulated targets of tools. A call to any target but those of `ends` takes effect. */
export const simulatedTools =
  ({ pass, serial, record, expire, actor }: AgentDeps) =>
  async ({ runId, attempt, tool, input, signal }: ToolCall): Promise<ToolAnswer> => {
    const { to } = input as { to: string };
    const end = Object.hasOwn(ends, to) ? ends[to] : undefined;
    const output = markOf(tool, runId, attempt, serial());
    const { fault } = await pass({
      kind: 'act',
      what: `${tool} ${to}`,
      perform: () => {
        if (end?.acts !== false) record({ type: 'acted', actor: actor(), runId, attempt, tool, input: to, output });
      },
    });
    if (fault === 'hang') {
      expire(signal);
      return new Promise(() => {});
    }
    return answered(fault, end?.fails, output);
  };
