/** One server-sent event: its name, if it has one, and its data. */
export type StreamEvent = { event?: string | undefined; data: string };

const fieldOf = (line: string): [name: string, value: string] => {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
};

const eventOf = (lines: string[]): StreamEvent | undefined => {
  const fields = lines.map(fieldOf);
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  const event = fields.findLast(([name]) => name === 'event')?.[1];
  return data.length > 0 ? { event, data: data.join('\n') } : undefined;
};

/** An event as text, ready to be sent. */
export const eventText = ({ event, data }: StreamEvent): string => {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `${event ? `event: ${event}\n` : ''}${lines.join('')}\n`;
};

/** Reads text into events, in time that grows with the text alone, however long a line or an event is. */
const eventReader = () => {
  /** The whole lines of the event that is being read, and the pieces of its last line. */
  let lines: string[] = [];
  let line: string[] = [];
  /** A CR at the end of a text may be the first half of CR LF. */
  let carriage = '';
  const ended = (): StreamEvent[] => {
    const event = eventOf(lines);
    lines = [];
    return event ? [event] : [];
  };
  return {
    read(text: string): StreamEvent[] {
      const all = carriage + text;
      carriage = all.endsWith('\r') ? '\r' : '';
      const whole = carriage ? all.slice(0, -1) : all;
      const [first = '', ...others] = whole.replace(/\r\n?/g, '\n').split('\n');
      line.push(first);
      return others.flatMap((next) => {
        const read = line.join('');
        line = [next];
        if (read === '') return ended();
        lines.push(read);
        return [];
      });
    },
    /** The last event, which no empty line ended. */
    end(text: string): StreamEvent[] {
      return this.read(`${text}\n\n`);
    },
  };
};

/**
 * Reads server-sent events (WHATWG HTML, section 9.2) and replaces each by those that `mend` returns. A last event without an empty line
 * counts too. Where `mend` returns undefined the stream ends, and what came before is still read.
 */
export const mendedEvents = (
  mend: (event: StreamEvent) => StreamEvent[] | undefined,
): TransformStream<Uint8Array, Uint8Array> => {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const reader = eventReader();
  const put = (events: StreamEvent[], controller: TransformStreamDefaultController<Uint8Array>) => {
    for (const event of events) {
      const mended = mend(event);
      if (!mended) return controller.terminate();
      if (mended.length > 0) controller.enqueue(encoder.encode(mended.map(eventText).join('')));
    }
  };
  return new TransformStream({
    transform: (chunk, controller) => put(reader.read(decoder.decode(chunk, { stream: true })), controller),
    flush: (controller) => put(reader.end(decoder.decode()), controller),
  });
};
