import { createRequire } from 'node:module';
import * as z from 'zod';
import type { Part } from './part.ts';

const Packed = z.object({ version: z.string(), zones: z.array(z.string()), links: z.array(z.string()) });

/** The names of the tz database, from the data of moment-timezone: `name|…` for a zone, `zone|name` for a link. */
const zoneNames = (): string => {
  const data = Packed.parse(createRequire(import.meta.url)('moment-timezone/data/packed/latest.json'));
  const zones = data.zones.map((zone) => zone.split('|')[0] ?? '');
  const links = data.links.map((link): [name: string, zone: string] => [
    link.split('|')[1] ?? '',
    link.split('|')[0] ?? '',
  ]);
  const names = [...zones, ...links.map(([name]) => name)].filter((name) => name.includes('/')).sort();
  const short = links.filter(([name, zone]) => !name.includes('/') && zone.includes('/')).sort();
  return [
    '// Generated from the tz database by infra/docs/zone-parts.ts. Change it by `npm run generate`.',
    '',
    `/** The names of the tz database ${data.version} with a slash. */`,
    `export const zoneNames: ReadonlySet<string> = new Set(\n  \`${names.join(' ')}\`.split(\n    ' ',\n  ),\n);`,
    '',
    '/** Its old names without a slash, and the zones that they stand for. */',
    'export const oldZoneNames: Readonly<Record<string, string>> = {',
    ...short.map(([name, zone]) => `  ${/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`}: '${zone}',`),
    '};',
    '',
  ].join('\n');
};

export const zoneParts: Part[] = [{ file: 'lib/schedule/zone-name.ts', content: zoneNames }];
