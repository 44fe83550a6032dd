import { callsOf, type Step } from '../../../../lib/run/step.ts';
import type { Play } from '../play.ts';
import { attemptOf, type Facts, isAttempt, isRun, isStep, runOf, stepOf, type Wrote } from '../schedule-facts.ts';
import { marksIn } from '../simulated-model.ts';
import { counted } from './count-each.ts';

/** How often a run may make a call: as often as the model means it in one attempt. */
const meant = (play: Play, slot: number, to: string): number =>
  Math.max(
    ...[1, 2, 3].map((attempt) => {
      const calls = play.turns(attempt, slot).flatMap((turn) => ('calls' in turn ? turn.calls : []));
      return calls.filter(([tool, other]) => tool === 'pay' && other === to).length;
    }),
  );

const hasEnded = ({ item }: Wrote): boolean => JSON.parse(String(item.data)).outcome !== null;

/** Acts of processes whose attempt was taken over or closed, or whose run had ended, when they asked the model what to do. */
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

/** A committed step says of each call what is so: made and answered, or perhaps made, or not made. */
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
    ...untrue.map(({ status }) => `step ${step.number} of ${run} says ${status} of a payment nobody made`),
    ...hidden.map((to) => `step ${step.number} of ${run} says that pay ${to} was not made, and it was`),
  ];
};

/** 6. An effect happens at most as often as it is meant in one attempt; what is said of it is true; a closed attempt makes none. */
export const once = (facts: Facts): string[] => {
  const { of, play, wrote, slotOf } = facts;
  const pays = of('acted').filter(({ tool }) => tool === 'pay');
  const steps = wrote
    .filter(isStep)
    .map((write): Committed => ({ write, run: runOf(write), step: stepOf(write.item) }));
  return [
    ...counted(pays.map(({ runId, input }) => `${runId} ${input}`)).flatMap(([which, count]) => {
      const [run = '', to = ''] = which.split(' ');
      const most = meant(play, slotOf(run), to);
      return count > most ? [`pay ${which} was made ${count} times, of ${most} meant`] : [];
    }),
    ...afterTheEnd(facts),
    ...steps.flatMap((committed) => truth(committed, facts)),
  ];
};
