import { crc32, deflateRawSync } from 'node:zlib';

/** A file in an archive: its path with `/`, and its bytes. */
export type ZipEntry = { path: string; data: Uint8Array };

// 1980-01-01, the first day a zip can name: a date of today would make every archive a new one.
const date = 0x0021;
const unixFile = (0o100644 << 16) >>> 0;
const utf8Names = 0x0800;
const deflated = 8;
const version = 20;

const header = (signature: number, shorts: number[]): Buffer => {
  const buffer = Buffer.alloc(4 + shorts.length * 2);
  buffer.writeUInt32LE(signature, 0);
  for (const [index, short] of shorts.entries()) buffer.writeUInt16LE(short, 4 + index * 2);
  return buffer;
};

/** Splits 32 bits into the two shorts a zip header holds them as. */
const word = (value: number): [number, number] => [value & 0xffff, value >>> 16];

const byPath = (a: ZipEntry, b: ZipEntry): number => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));

/**
 * A zip archive as Lambda takes it. The same files give the same bytes, whatever their order, dates and modes, so that an
 * unchanged function is not deployed anew. Up to 65,535 files and 4 GB: Lambda's own limit is far below.
 */
export const zip = (entries: ZipEntry[]): Buffer => {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, data } of entries.toSorted(byPath)) {
    const name = Buffer.from(path);
    const body = deflateRawSync(data, { level: 9 });
    const facts = [
      version,
      utf8Names,
      deflated,
      0,
      date,
      ...word(crc32(data)),
      ...word(body.length),
      ...word(data.length),
      name.length,
      0,
    ];
    const local = header(0x04034b50, facts);
    const place = [0, 0, 0, ...word(unixFile), ...word(offset)];
    directory.push(header(0x02014b50, [(3 << 8) | version, ...facts, ...place]), name);
    files.push(local, name, body);
    offset += local.length + name.length + body.length;
  }
  const index = Buffer.concat(directory);
  const end = header(0x06054b50, [0, 0, entries.length, entries.length, ...word(index.length), ...word(offset), 0]);
  return Buffer.concat([...files, index, end]);
};
