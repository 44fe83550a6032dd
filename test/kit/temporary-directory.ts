import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Makes a temporary directory that is removed when the test ends. */
export const temporaryDirectory = (): string => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'nightshift-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
};
