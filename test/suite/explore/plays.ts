import { alone } from './alone.ts';
import { together } from './concurrent-plays.ts';
import type { Play } from './play.ts';

/** The jobs that are explored. */
export const plays: Play[] = [...alone, ...together];
