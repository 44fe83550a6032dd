import fc from 'fast-check';

/** fast-check's own number of plays. */
const usual = 100;

/** How often a law is played: `all` times, or fewer in `npm run test:quick`. */
export const plays = (all: number): number => Math.ceil((all * (fc.readConfigureGlobal().numRuns ?? usual)) / usual);
