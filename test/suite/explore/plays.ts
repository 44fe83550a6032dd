import type { Play } from './play.ts';
import { severalSlotPlays } from './several-slot-plays.ts';
import { singleSlotPlays } from './single-slot-plays.ts';

/** Every job that the explorer plays. */
export const plays: Play[] = [...singleSlotPlays, ...severalSlotPlays];
