import { type Zippable, zipSync } from 'fflate';

/** A file of an archive. Its path uses `/`. */
export type ZipEntry = { path: string; data: Uint8Array };

/** The first date that a zip can hold, in the local time that fflate uses. The current date would change every archive. */
const mtime = new Date(1980, 0, 1);
const readable = (0o100644 << 16) >>> 0;
const unix = 3;

/**
 * Makes a zip archive for Lambda. The same files give the same bytes in any order and with any dates and modes, so an
 * unchanged function is not deployed again.
 */
export const zip = (entries: ZipEntry[]): Uint8Array => {
  const byPath = (a: ZipEntry, b: ZipEntry) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
  const files: Zippable = Object.fromEntries(entries.toSorted(byPath).map(({ path, data }) => [path, [data, {}]]));
  return zipSync(files, { level: 9, mtime, os: unix, attrs: readable });
};
