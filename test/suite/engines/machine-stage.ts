// Runs in a stage's own process, before and after the real handler, which lies beside it in `real/`.
import type { Context } from 'aws-lambda';

/** What goes wrong in one invocation of a stage. */
export type Fault = {
  /** An error of this name is thrown in place of the work. */
  throws?: string;
  /** The process ends at this model call, counted from 1. */
  diesAtCall?: number;
  /** The process ends when all is done, before it could say so. */
  diesUnheard?: true;
  /** There is no time left after this many model calls. */
  callsInTime?: number;
};

/** What a stage tells of each invocation: `begin` is answered with its fault. */
export type Told = { moment: 'begin' | 'end'; stage: string; id: string; event: unknown };

const net = globalThis.fetch;
const tell = async (told: Told): Promise<Fault> => {
  const answered = await net(process.env.MACHINE_CONTROL ?? '', { method: 'POST', body: JSON.stringify(told) });
  return (await answered.json()) as Fault;
};

const { handler: real } = await import(new URL('./real/index.mjs', import.meta.url).href);

/** Counts this invocation's model calls, the only ones made with fetch, and says when one must not be made. */
const counted = (dies: () => Promise<never>, fault: Fault): { made(): number } => {
  let made = 0;
  globalThis.fetch = async (...call) => {
    made += 1;
    return made === fault.diesAtCall ? dies() : net(...call);
  };
  return { made: () => made };
};

/** The real handler, with what is to go wrong in this invocation. */
export const handler = async (event: unknown, context: Context): Promise<unknown> => {
  const told = { stage: context.functionName, id: context.awsRequestId, event };
  const end = () => tell({ ...told, moment: 'end' });
  const dies = async (): Promise<never> => {
    await end();
    process.exit(9);
  };
  const fault = await tell({ ...told, moment: 'begin' });
  const calls = counted(dies, fault);
  const { callsInTime = Number.POSITIVE_INFINITY } = fault;
  const getRemainingTimeInMillis = () => (calls.made() < callsInTime ? context.getRemainingTimeInMillis() : 0);
  try {
    if (fault.throws !== undefined) throw Object.assign(new Error('as planned'), { name: fault.throws });
    const result = await real(event, { ...context, getRemainingTimeInMillis });
    if (fault.diesUnheard) await dies();
    return result;
  } finally {
    await end();
  }
};
