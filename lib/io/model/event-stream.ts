/** One server-sent event: its name, if it has one, and its data. */
export type StreamEvent = { event?: string | undefined; data: string };

const fieldOf = (line: string): [name: string, value: string] => {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
};

const eventOf = (block: string): StreamEvent | undefined => {
  const fields = block.split('\n').map(fieldOf);
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  const event = fields.findLast(([name]) => name === 'event')?.[1];
  return data.length > 0 ? { event, data: data.join('\n') } : undefined;
};

/** An event as text, ready to be sent. */
export const eventText = ({ event, data }: StreamEvent): string => {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `${event ? `event: ${event}\n` : ''}${lines.join('')}\n`;
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
  let rest = '';
  const put = (blocks: string[], controller: TransformStreamDefaultController<Uint8Array>) => {
    for (const block of blocks) {
      const event = eventOf(block);
      const mended = event ? mend(event) : [];
      if (!mended) return controller.terminate();
      if (mended.length > 0) controller.enqueue(encoder.encode(mended.map(eventText).join('')));
    }
  };
  return new TransformStream({
    transform(chunk, controller) {
      const text = rest + decoder.decode(chunk, { stream: true });
      // A CR at the end may be the first half of CR LF.
      const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
      const blocks = whole.replace(/\r\n?/g, '\n').split('\n\n');
      rest = `${blocks.pop() ?? ''}${whole === text ? '' : '\r'}`;
      put(blocks, controller);
    },
    flush(controller) {
      put([`${rest}${decoder.decode()}`.replace(/\r\n?/g, '\n')], controller);
    },
  });
};
