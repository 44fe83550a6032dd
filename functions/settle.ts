import { lambda, service } from '../lib/io/lambda.ts';
import { SettleInput, settle } from '../lib/settle.ts';

const { now, stores, observe } = service();

/** Records a run's outcome: at the end of its execution, or after its execution died. */
export const handler = lambda(SettleInput, (input) => settle(input, { stores, now, settled: observe.settled }));
