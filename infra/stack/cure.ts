const runs = '`npx nightshift runs --stage ${sls:stage}`';
const show = '`npx nightshift show <run> --stage ${sls:stage}`';
const retry = '`npx nightshift retry <run> --stage ${sls:stage}`';
const why = '`npx nightshift why <job> <time> --stage ${sls:stage}`';
const nextLook =
  'The next look of the watchman does the same work. If this repeats, read the dead letters and its log.';
const concurrency =
  'Lambda tries again by itself. If this repeats, ask AWS for more concurrent executions, or spread the jobs: `spreadSeconds`, other minutes.';
const tableLimit =
  'The table is on demand and grows by itself. If this repeats, spread the jobs: `spreadSeconds`, other minutes.';

/** What an operator does about each alarm. It is part of the alarm's e-mail and of the table in infra/README.md. */
export const cures = {
  RunFailed: `Find the run: ${runs}. Read it: ${show}. Remove the cause, then ${retry}.`,
  MissedSlots: `Ask ${why}. If the work is still wanted: \`npx nightshift backfill <job> --from <time> --stage \${sls:stage}\`.`,
  StuckRuns: `See which runs ended: ${runs}. None is left open. If the work is still wanted: ${retry}.`,
  Stale: `Ask ${why}, with the time of the last slot before \`freshBy\`. A successful ${retry} makes up for it.`,
  BreakerOpened: `Read the failures: ${runs}. The breaker closes when a probe succeeds, or at once with \`npx nightshift resume <job> --stage \${sls:stage}\`.`,
  Drift:
    'Find the schedule: `npx nightshift jobs --stage ${sls:stage}`. Set `enabled: false` in its job file and deploy; remove the line and deploy again. CloudFormation then makes the schedule anew.',
  WatchmanStopped:
    'After the first deployment, wait 5 minutes. Otherwise check that the rule `nightshift-${sls:stage}-wake-up` is enabled, then read the log of the watchman function.',
  DispatchFailed:
    'Read the log of the dispatch function. Lambda tries twice more, then keeps the slot in the dead letters.',
  SettleFailed: 'Read the log of the settle function. It is tried again; the watchman settles what is left.',
  TriageFailed:
    'Read the log of the triage function. The state machine tries again; the watchman settles what is left.',
  WatchmanFailed:
    'Search the log of the watchman function for `watchman could not look`: it has the job and the reason.',
  ExecutionFailed: `Find the run: ${runs}. After an outage of AWS, redrive the execution in the Step Functions console.`,
  ExecutionTimedOut: `Find the run: ${runs}. It is recorded as ExecutionTimedOut. Lower \`limits.seconds\` or \`retry.attempts\` of its job.`,
  ExecutionAborted: `The execution was stopped by hand, or by a job with \`overlap: cancel-previous\`. Its run is in ${runs}.`,
  DeadLettersWaiting: 'Remove the cause, then deliver each letter again: see "Dead letters" in infra/README.md.',
  DispatchEventLost: 'The watchman finds the slot and handles it by `catchUp`. Check the queue and its policy.',
  SettleEventLost: 'The watchman settles the run. Check the queue and its policy.',
  WatchmanEventLost: nextLook,
  SlotLost: 'The watchman finds the slot and handles it by `catchUp`. Check the role of the schedules and the queue.',
  DeadExecutionLost: 'The watchman settles the run. Check the queue and its policy.',
  WakeUpLost: nextLook,
  DispatchThrottled: concurrency,
  AttemptThrottled: concurrency,
  TriageThrottled: concurrency,
  SettleThrottled: concurrency,
  WatchmanThrottled: concurrency,
  TableReadThrottled: tableLimit,
  TableWriteThrottled: tableLimit,
  IndexReadThrottled: tableLimit,
  IndexWriteThrottled: tableLimit,
} as const;
