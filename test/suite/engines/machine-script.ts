import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import type { Reply } from '../../kit/wire/anthropic-reply.ts';
import { type AnthropicServer, anthropicServer } from '../../kit/wire/anthropic-server.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';
import type { Scenario, StageName } from './machine-scenarios.ts';
import type { Told } from './machine-stage.ts';

/** One scenario at work: what its stages were told, and the model's held answer. */
export type Play = {
  /** The stages' invocations in the order they began, `by` the state machine or by an event of a dead execution. */
  invoked: { stage: string; by: 'machine' | 'event'; event: unknown }[];
  /** Resolves when the model holds an answer back. */
  held: Promise<void>;
  release(): void;
  /** Whether every invocation that began has ended. */
  idle(): boolean;
};

export type Script = {
  model: AnthropicServer;
  /** What the stages need in their environment. */
  env: Record<string, string>;
  /** Plays this scenario in this run. */
  play(run: string, scenario: Pick<Scenario, 'replies' | 'faults'>): Play;
  close(): Promise<void>;
};

const nothing: Reply = { error: 500, message: 'the scenario has no more replies' };

type Playing = Play & { reply(): Promise<Reply>; hear(told: Told): unknown };

const playing = ({ replies, faults = {} }: Pick<Scenario, 'replies' | 'faults'>): Playing => {
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const left = [...replies];
  const coming = Object.fromEntries(Object.entries(faults).map(([stage, all]) => [stage, [...all]]));
  const open = new Set<string>();
  const invoked: Play['invoked'] = [];
  return {
    invoked,
    held: held.promise,
    release: released.resolve,
    idle: () => open.size === 0,
    async reply() {
      const next = left.shift() ?? nothing;
      if (next !== 'held') return next;
      held.resolve();
      await released.promise;
      const last = left.shift();
      return last === undefined || last === 'held' ? nothing : last;
    },
    hear({ moment, stage, id, event }) {
      if (moment === 'end') return open.delete(id);
      open.add(id);
      const by = 'runId' in Object(event) ? 'machine' : 'event';
      invoked.push({ stage, by, event });
      return by === 'event' ? {} : (coming[stage]?.shift() ?? {});
    },
  };
};

/** The run a stage's event or a model's prompt is of. */
const runOf = (event: unknown): string => Object(event).runId ?? Object(event).detail?.name ?? '';
const prompted = /Report of ([\w-]+)\./;

/** Says what goes wrong where, and what the model answers, run by run: for stages in whatever processes, on whatever engine. */
export const openScript = async (): Promise<Script> => {
  const plays = new Map<string, Playing>();
  const model = await anthropicServer({
    reply: ({ raw }) => plays.get(prompted.exec(raw)?.[1] ?? '')?.reply() ?? nothing,
  });
  const control = await listen(async (request, response) => {
    const told: Told = JSON.parse((await readBody(request)).toString('utf8'));
    const play = plays.get(runOf(told.event));
    response.writeHead(play === undefined ? 404 : 200).end(JSON.stringify(play?.hear(told) ?? {}));
  });
  return {
    model,
    env: { MACHINE_CONTROL: control.origin, ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: model.key },
    play(run, scenario) {
      const made = playing(scenario);
      plays.set(run, made);
      return made;
    },
    close: async () => void (await Promise.all([model.close(), control.close()])),
  };
};

/** Puts a stage's bundle together in `dir`: the real one in `real/`, and before it what lets things go wrong. Answers its entry. */
export const stageIn = async (dir: string, name: StageName, bundle: string): Promise<string> => {
  const here = join(dir, name);
  await mkdir(here, { recursive: true });
  await cp(dirname(bundle), join(here, 'real'), { recursive: true, filter: (path) => !path.endsWith('.map') });
  const source = await readFile(new URL('./machine-stage.ts', import.meta.url), 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node24' });
  const entry = join(here, 'index.mjs');
  await writeFile(entry, code);
  return entry;
};
