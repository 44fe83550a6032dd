import { onTestFinished } from 'vitest';
import { openTables, type Tables } from './dynalite-tables.ts';

/** All stores on a new table of a DynamoDB engine in memory, over HTTP. The table is removed when the test ends. */
export const freshStores = async (now: () => Date): Promise<Tables> => {
  const { stores, close } = await openTables(now);
  onTestFinished(close);
  return stores;
};
