import type { Play } from './play.ts';
import { together } from './several-slot-plays.ts';
import { alone } from './single-slot-plays.ts';

/** The jobs that are explored. */
export const plays: Play[] = [...alone, ...together];
