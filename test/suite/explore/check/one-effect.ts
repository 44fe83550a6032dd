import { callsOf, type Step } from '../../../../lib/run/step.ts';
import type { Play } from '../play.ts';
import { attemptOf, type Facts, isAttempt, isRun, isStep, runOf, stepOf, type Wrote } from '../schedule-facts.ts';
import { marksIn } from '../simulated-model.ts';
import { countEach } from './count-each.ts';

/** The most times that a run may make a call: as often as one attempt asks for it. */
const meant = (play: Play, slot: number, to: string): number =>
  Math.max(
    ...[1, 2, 3].map((attempt) => {
      const calls = play.turns(attempt, slot).flatMap((turn) => ('calls' in turn ? turn.calls : []));
      return calls.filter(([tool, other]) => tool === 'pay' && other === to).length;
    }),
  );

const hasEnded = ({ item }: Wrote): boolean => JSON.parse(String(item.data)).outcome !== null;

/** Effects of a process that asked the model after its attempt was taken over or closed, or after its run had ended. */
const afterTheEnd = ({ of, wrote }: Facts): string[] =>
  of('acted')
    .filter(({ tool }) => tool === 'pay')
    .flatMap(({ actor, order, runId, attempt, input }) => {
      const asked = of('asked').findLast((event) => event.actor === actor && event.order < order);
      const ofAttempt = wrote.filter(
        (write) => isAttempt(write) && runOf(write) === runId && attemptOf(write) === attempt,
      );
      const mine = ofAttempt.findLast((write) => write.actor === actor);
      const since = ofAttempt.find((write) => mine && asked && write.order > mine.order && write.order < asked.order);
      const over = wrote.find(
        (write) => isRun(write) && runOf(write) === runId && hasEnded(write) && write.order < (asked?.order ?? 0),
      );
      return [
        ...(since ? [`${actor} made pay ${input} after ${since.actor} had taken attempt ${attempt} from it`] : []),
        ...(over ? [`${actor} made pay ${input} after ${over.actor} had ended the run`] : []),
      ];
    });

type Committed = { write: Wrote; step: Step; run: string };

/** A committed step has the true status of each call: made, perhaps made, or not made. */
const truth = ({ write, step, run }: Committed, { of }: Facts): string[] => {
  const acted = of('acted').filter(({ tool, runId, order }) => tool === 'pay' && runId === run && order < write.order);
  const asked = of('asked').findLast(({ actor, order }) => actor === write.actor && order < write.order)?.order ?? 0;
  const pays = callsOf(step).filter(({ call }) => call.toolName === 'pay');
  const outputs = acted.map(({ output }) => output);
  const made = pays.filter(({ status }) => status === 'ok' || status === 'recorded');
  const untrue = made.filter(
    ({ output }) => !marksIn(output).every((mark) => outputs.includes(mark)) || marksIn(output).length !== 1,
  );
  const inputs = [...new Set(pays.map(({ call }) => String(call.input.to)))];
  const hidden = inputs.filter((to) => {
    const now = acted.filter(
      ({ actor, order, input }) => actor === write.actor && order > asked && input === to,
    ).length;
    const owned = pays.filter(
      ({ call, status }) => call.input.to === to && (status === 'ok' || status === 'unknown'),
    ).length;
    return now > owned;
  });
  return [
    ...untrue.map(({ status }) => `step ${step.number} of ${run} records ${status} for a payment that was never made`),
    ...hidden.map((to) => `step ${step.number} of ${run} records pay ${to} as not made, and it was made`),
  ];
};

/** 6. An effect happens at most as often as one attempt asks for it, its status is true, and a closed attempt makes none. */
export const once = (facts: Facts): string[] => {
  const { of, play, wrote, slotOf } = facts;
  const pays = of('acted').filter(({ tool }) => tool === 'pay');
  const steps = wrote
    .filter(isStep)
    .map((write): Committed => ({ write, run: runOf(write), step: stepOf(write.item) }));
  return [
    ...countEach(pays.map(({ runId, input }) => `${runId} ${input}`)).flatMap(([which, count]) => {
      const [run = '', to = ''] = which.split(' ');
      const most = meant(play, slotOf(run), to);
      return count > most ? [`pay ${which} was made ${count} times, expected at most ${most}`] : [];
    }),
    ...afterTheEnd(facts),
    ...steps.flatMap((committed) => truth(committed, facts)),
  ];
};
