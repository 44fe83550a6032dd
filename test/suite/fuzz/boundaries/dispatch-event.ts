import fc from 'fast-check';
import { executionInput } from '../../../../lib/run/execution.ts';
import { slotAt } from '../../../../lib/schedule/slot.ts';
import { boundary, broken, ending } from '../boundary.ts';
import { changed, edits, jsonEdit } from '../hostile-json.ts';
import { edited, textEdit } from '../hostile-text.ts';
import { openWorld, untouched, type World } from '../loopback-service.ts';

/** The current hour, around which most slots lie. */
const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
const slot = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -40, max: 0 }).map((hours) => slotAt(new Date(hour + hours * 3_600_000))) },
  fc.constantFrom(
    '1970-01-01T00:00:00Z',
    '2020-02-29T23:59:59Z',
    '2199-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ),
);
const event = fc.record(
  {
    job: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('small', 'off', 'typed') },
      fc.constantFrom('none', '', '__proto__', 'small_20261122T070000Z'),
    ),
    slot,
    suffix: fc.constantFrom('manual', 'a', '9-9', 'b'.repeat(20)),
    model: fc.constantFrom(
      'anthropic/claude-sonnet-4-5',
      'scripted/play',
      'bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/a',
    ),
    origin: fc.constantFrom('schedule', 'watchman', 'person'),
    slots: fc.array(slot, { maxLength: 5 }),
  },
  { requiredKeys: ['job', 'slot'] },
);
const cases = fc.record({
  event,
  changes: edits(jsonEdit, 6),
  scratches: edits(textEdit, 6),
});

/** Whether the event names a declared job and a due slot. */
const isGood = ({ job, slot: due }: { job: string; slot: string }): boolean =>
  ['small', 'off', 'typed'].includes(job) && due > '1970' && Date.parse(due) <= Date.now();

/** The event as Lambda parses it. A text that is not JSON is passed as a string. */
const delivered = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
};

type Dispatched = { status: string; run: string };

/** The number of puts for a slot: its run, and the job's state if the run is started. */
const putsOf = (status: string): number => (status === 'skipped' ? 1 : 2);

const isWhole = async ({ aws, stores }: World, { status, run: id }: Dispatched): Promise<boolean> => {
  const run = await stores.runs.get(id);
  if (run?.id !== id || !/^[0-9A-Za-z_-]{1,80}$/.test(id)) return false;
  const skipped = status === 'skipped';
  const input = JSON.stringify(executionInput(run));
  return (
    aws.puts === putsOf(status) &&
    aws.started.every((started) => started.name === id && started.input === input) &&
    skipped === (run.outcome !== null) &&
    skipped === (aws.started.length === 0)
  );
};

const accepted = async (world: World, result: Dispatched, again: () => Promise<unknown>): Promise<string> => {
  if (!(await isWhole(world, result)))
    return broken('dispatch recorded or started only part of a run', { result, aws: world.aws });
  const second = (await again()) as Dispatched;
  const isDuplicate = second.status === 'duplicate' && world.aws.puts === putsOf(result.status);
  return isDuplicate ? 'accepted' : broken('a second delivery was not a duplicate', second);
};

/** Events of dispatch, each delivered twice to the real handler. */
export const dispatchEvent = async () => {
  const world = await openWorld();
  return boundary({
    cases,
    judge: async ({ event, changes, scratches }) => {
      world.aws.replaceItems([]);
      const value = delivered(edited(JSON.stringify(changed(event, changes)) ?? '', scratches));
      const deliver = () => world.invoke('dispatch', value);
      const ended = await ending(deliver);
      if ('value' in ended) return accepted(world, ended.value as Dispatched, deliver);
      if (changes.length + scratches.length === 0 && isGood(event))
        return broken('dispatch refused a valid event', event);
      return untouched(world.aws) ? ended.refused : broken('dispatch refused an event and wrote to AWS', world.aws);
    },
    close: world.close,
  });
};
