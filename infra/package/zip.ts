import { type Zippable, zipSync } from 'fflate';

/** A file in an archive: its path with `/`, and its bytes. */
export type ZipEntry = { path: string; data: Uint8Array };

/** The first day a zip can name, in the local time fflate reads: a date of today would make every archive a new one. */
const mtime = new Date(1980, 0, 1);
const readable = (0o100644 << 16) >>> 0;
const unix = 3;

/**
 * A zip archive as Lambda takes it. The same files give the same bytes, whatever their order, dates and modes, so that an
 * unchanged function is not deployed anew.
 */
export const zip = (entries: ZipEntry[]): Uint8Array => {
  const byPath = (a: ZipEntry, b: ZipEntry) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
  const files: Zippable = Object.fromEntries(entries.toSorted(byPath).map(({ path, data }) => [path, [data, {}]]));
  return zipSync(files, { level: 9, mtime, os: unix, attrs: readable });
};
