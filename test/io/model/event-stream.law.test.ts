import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventText, mendedEvents, type StreamEvent } from '../../../lib/io/model/event-stream.ts';

/** The events that are read from bytes in pieces of `size`. */
const readIn = async (text: string, size: number): Promise<StreamEvent[]> => {
  const events: StreamEvent[] = [];
  const bytes = Buffer.from(text);
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      controller.close();
    },
  });
  const mended = source.pipeThrough(
    mendedEvents((event) => {
      events.push(event);
      return [];
    }),
  );
  await new Response(mended).text();
  return events;
};

describe('a stream of server-sent events', () => {
  it('is read the same, however its bytes are cut', async () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));
    const event = fc.record({
      event: fc.constantFrom(undefined, 'ping', 'message_start'),
      data: fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')),
    });
    const ends = fc.constantFrom('\n', '\r\n', '\r');
    await fc.assert(
      fc.asyncProperty(fc.array(event), ends, fc.integer({ min: 1, max: 40 }), async (events, end, size) => {
        const text = events.map(eventText).join('').replaceAll('\n', end);
        expect(await readIn(text, size)).toEqual(events);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [': keep alive\n\n', []],
    ['data:a\n\ndata: b', [{ data: 'a' }, { data: 'b' }]],
    ['id: 1\ndata: a\nretry: 5\n\n\n\n', [{ data: 'a' }]],
    ['event: x\n\n', []],
    ['', []],
  ])('has from %j the events %j', async (text, events) => {
    expect(await readIn(text, 3)).toEqual(events.map((event) => ({ event: undefined, ...event })));
  });
});
