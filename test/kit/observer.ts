import type { Observer } from '../../lib/run/observer.ts';

/** An observer that ignores every event. */
export const silent: Observer = {
  runRecorded() {},
  runSettled() {},
  breakerOpened() {},
  stepCommitted() {},
  modelWarned() {},
  attemptFailed() {},
  attemptClosed() {},
  jobChecked() {},
  jobCheckFailed() {},
  allJobsChecked() {},
};
