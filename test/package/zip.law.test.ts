import * as fc from 'fast-check';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { zip } from '../../infra/package/zip.ts';

const files = fc.uniqueArray(
  fc.record({
    path: fc.stringMatching(/^[\w-]{1,8}(\/[\w.é☾-]{1,12}){0,2}$/).filter((path) => !/^\d+$|__proto__/.test(path)),
    data: fc.uint8Array({ maxLength: 3000 }),
  }),
  { selector: ({ path }) => path, maxLength: 8 },
);

describe('an archive', () => {
  it('gives back every file it was made of', () => {
    fc.assert(
      fc.property(files, (entries) => {
        const found = Object.entries(unzipSync(zip(entries))).map(([path, data]) => ({
          path,
          data: new Uint8Array(data),
        }));
        expect(found).toHaveLength(entries.length);
        expect(found).toEqual(expect.arrayContaining(entries));
      }),
    );
  });

  it('does not depend on the order of its files', () => {
    fc.assert(
      fc.property(files, (entries) => {
        expect(Buffer.compare(zip(entries.toReversed()), zip(entries))).toBe(0);
      }),
    );
  });
});
