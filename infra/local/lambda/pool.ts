import { type Invocation, type LocalFunction, openSandbox, type Sandbox } from './sandbox.ts';

/** A function's worker processes. A warm one is reused; concurrent invocations get processes of their own. */
export type Pool = {
  /** Waits while all `most` processes are busy. Never rejects. */
  invoke(requestId: string, event: string): Promise<Invocation>;
  /** Sets the environment of processes started from now on. Idle ones are ended, busy ones after their invocation. */
  reset(env: Record<string, string>): void;
  kill(): Promise<void>;
};

const closed = { errorType: 'Lambda.ServiceException', errorMessage: 'the service is closing' };

/** Opens a pool of at most `most` processes for a function. None is started before the first invocation. */
export const openPool = (
  name: string,
  definition: LocalFunction,
  deps: { env: Record<string, string>; most: number; log(line: string): void },
): Pool => {
  let env = deps.env;
  let open = true;
  const boxes = new Map<Sandbox, { busy: boolean; env: Record<string, string> }>();
  const waiting: (() => void)[] = [];

  const retire = (box: Sandbox): void => {
    boxes.delete(box);
    void box.kill();
  };
  const warm = (): Sandbox | undefined => {
    for (const [box, state] of boxes) {
      if (state.busy) continue;
      if (box.alive) return box;
      retire(box);
    }
    return undefined;
  };
  const acquire = async (): Promise<Sandbox | undefined> => {
    while (open) {
      const box =
        warm() ?? (boxes.size < deps.most ? openSandbox(name, definition, { env, log: deps.log }) : undefined);
      if (box !== undefined) {
        boxes.set(box, { busy: true, env: boxes.get(box)?.env ?? env });
        return box;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return undefined;
  };
  const release = (box: Sandbox): void => {
    const state = boxes.get(box);
    if (state !== undefined) state.busy = false;
    if (!box.alive || state?.env !== env) retire(box);
    waiting.shift()?.();
  };

  return {
    async invoke(requestId, event) {
      const box = await acquire();
      if (box === undefined) return { ok: false, error: closed };
      try {
        return await box.invoke(requestId, event);
      } finally {
        release(box);
      }
    },
    reset(next) {
      env = next;
      for (const [box, state] of boxes) if (!state.busy) retire(box);
    },
    async kill() {
      open = false;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...boxes.keys()].map((box) => box.kill()));
    },
  };
};
