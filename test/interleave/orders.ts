import { parseArgs } from 'node:util';
import { memoryStores } from '../kit/memory.ts';
import { overlaps, play } from './play.ts';

const { values } = parseArgs({
  options: { from: { type: 'string', default: '1' }, seeds: { type: 'string', default: '1000' } },
});
const [from, seeds] = [Number(values.from), Number(values.seeds)];
if (!Number.isInteger(from) || !Number.isInteger(seeds) || seeds < 1) {
  console.error('npm run orders -- [--from 1] [--seeds 1000]');
  process.exit(2);
}

const time = { now: new Date() };
for (let seed = from; seed < from + seeds; seed++) {
  for (const overlap of overlaps) {
    const { broken, said } = await play(seed, overlap, memoryStores(), time);
    if (broken.length === 0) continue;
    console.log([...said, '', ...broken, `replay: npm run orders -- --from ${seed} --seeds 1 (${overlap})`].join('\n'));
    process.exit(1);
  }
}
console.log(`${seeds * overlaps.length} orders from seed ${from}: every promise was kept`);
