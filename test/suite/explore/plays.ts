import { alone } from './alone.ts';
import type { Play } from './play.ts';
import { together } from './together.ts';

/** The jobs that are explored. */
export const plays: Play[] = [...alone, ...together];
