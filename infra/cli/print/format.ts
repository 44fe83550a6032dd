import { tokens, type Usage } from '../../../lib/usage.ts';

const two = (number: number): string => String(number).padStart(2, '0');

/** A duration of so many milliseconds: `0.8 s`, `3 min 20 s`, `2 h 05 min`. */
export const duration = (ms: number): string => {
  const tenths = Math.max(0, Math.round(ms / 100));
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(tenths / 10);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
};

/** A price in US dollars. An unknown price is `–`, never 0. */
export const cost = (usd: number | null): string => {
  if (usd === null) return '–';
  if (usd === 0) return '$0';
  return usd < 0.0001 ? '<$0.0001' : `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
};

/** `1,539` */
export const count = (number: number): string => number.toLocaleString('en-US');

/** `1,539 tokens`, or `about 1,539 tokens` where the provider did not count them all. */
export const tokenCount = (usage: Usage): string => `${usage.estimated ? 'about ' : ''}${count(tokens(usage))} tokens`;

/** `1 attempt`, `2 attempts` */
export const counted = (number: number, noun: string): string => `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
