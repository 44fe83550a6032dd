import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';

/** A body of at most `maxBytes`. `isCoded`: it is as it was sent, because its content coding could not be undone. */
export type Body = { body: Buffer; cut: boolean; isCoded: boolean };

const decoders: Record<string, () => Duplex> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  deflate: createInflate,
  zstd: createZstdDecompress,
};

const isEmpty = ({ statusCode, headers }: IncomingMessage): boolean =>
  statusCode === 204 || statusCode === 304 || headers['content-length'] === '0';

/** Collects bytes up to a bound. `add` returns false as soon as there is more. */
const collector = (maxBytes: number) => {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  let cut = false;
  return {
    add: (chunk: Buffer): boolean => {
      cut ||= chunk.length > room;
      if (room > 0) chunks.push(chunk.subarray(0, room));
      room = Math.max(0, room - chunk.length);
      return !cut;
    },
    result: () => ({ body: Buffer.concat(chunks), cut }),
  };
};

const readUpTo = async (body: Readable, maxBytes: number): Promise<Omit<Body, 'isCoded'>> => {
  const bytes = collector(maxBytes);
  for await (const chunk of body as AsyncIterable<Buffer>) if (!bytes.add(chunk)) break;
  return bytes.result();
};

/** Reads the decoded body, and where decoding fails the body as it was sent: what a server did does not depend on how it packed its answer. */
const readDecoded = async (answer: IncomingMessage, decoder: Duplex, maxBytes: number): Promise<Body> => {
  const sent = collector(maxBytes);
  const isFull = Promise.withResolvers<void>();
  answer.on('data', (chunk: Buffer) => {
    if (!sent.add(chunk)) isFull.resolve();
  });
  const end = finished(answer);
  end.catch((error: Error) => decoder.destroy(error));
  answer.pipe(decoder);
  try {
    return { ...(await readUpTo(decoder, maxBytes)), isCoded: false };
  } catch {
    answer.unpipe(decoder).resume();
    await Promise.race([end, isFull.promise]);
    return { ...sent.result(), isCoded: true };
  }
};

/**
 * Reads a response's body to its end or to `maxBytes` decoded bytes. A coding that is not known, or does not decode, is left as it is.
 * Rejects if the connection ends before the body does.
 */
export const readBody = async (answer: IncomingMessage, maxBytes: number): Promise<Body> => {
  const coding = answer.headers['content-encoding']?.trim().toLowerCase() || 'identity';
  const decoder = !isEmpty(answer) && Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (decoder) return readDecoded(answer, decoder(), maxBytes);
  return { ...(await readUpTo(answer, maxBytes)), isCoded: coding !== 'identity' && !isEmpty(answer) };
};
