import { Turn } from '../../lib/io/model/scripted.ts';
import { fieldTable } from './field-table.ts';
import type { Part } from './part.ts';

/** Made from the schema of a script's turn: the table of infra/scripts/README.md. */
export const scriptParts: Part[] = [
  { file: 'infra/scripts/README.md', name: 'script fields', content: () => fieldTable(Turn) },
];
