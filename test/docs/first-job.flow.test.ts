import { expect, onTestFinished, test } from 'vitest';
import { sessionKey } from '../../lib/run/session.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { filesAt, textOf } from '../kit/documents.ts';
import { modelEnv, stage } from '../kit/local-stage.ts';
import { openaiCompatibleModel } from '../kit/model-servers.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { anthropicServer } from '../kit/wire/anthropic-server.ts';
import { pagesServer } from '../kit/wire/pages.ts';

const readme = 'README.md';
const sentence = 'The domain is for use in examples in documents.';

/** Sends every https connection of the attempt function to a plain server on loopback. Each name has a public address. */
const pageOnLoopback = (port: number): string => `
  const [dns, net, tls] = ['dns/promises', 'net', 'tls'].map((name) => process.getBuiltinModule('node:' + name));
  dns.lookup = async () => [{ address: '93.184.215.14', family: 4 }];
  tls.connect = () => {
    const socket = net.connect({ host: '127.0.0.1', port: ${port} });
    socket.once('connect', () => socket.emit('secureConnect'));
    return socket;
  };
  process.getBuiltinModule('node:module').syncBuiltinESMExports()`;

/** What the README says to add after a command: `--model x --suffix y`. */
const optionsOf = (provider: string): { model: string; suffix: string } => {
  const said = new RegExp(`run page-watch --model (${provider}/\\S+) --suffix (\\w+)`).exec(textOf(readme));
  if (!said?.[1] || !said[2]) throw new Error(`${readme}: found no run of page-watch with a model of ${provider}`);
  return { model: said[1], suffix: said[2] };
};

test('the first job of the README succeeds with a script, with a local model server and with a provider', async () => {
  const site = await pagesServer();
  const turns = [{ calls: [{ name: 'http_get', input: { url: 'https://example.com' } }] }, { text: sentence }];
  const local = await openaiCompatibleModel(turns);
  const claude = await anthropicServer({ reply: turns });
  onTestFinished(async () => void (await Promise.all([site, local, claude].map((server) => server.close()))));

  const env = { ...modelEnv(claude), OPENAI_COMPATIBLE_BASE_URL: local.env.OPENAI_COMPATIBLE_BASE_URL ?? '' };
  const { deliver, ended, stores } = await stage(temporaryDirectory(), filesAt(readme, 'infra/jobs'), env, {
    around: pageOnLoopback(site.port),
    scripts: filesAt(readme, 'infra/scripts'),
  });

  const slot = slotAt(new Date(Date.now() - 60_000));
  const ways = [{ suffix: 'script' }, optionsOf('openai-compatible'), optionsOf('anthropic')];
  for (const way of ways) {
    await deliver({ job: 'page-watch', slot, ...way });
    const id = `page-watch_${slot.replaceAll(/[-:]/g, '')}_${way.suffix}`;
    const { outcome } = await ended(id);
    expect(outcome, id).toMatchObject({ status: 'succeeded', attempts: 1, steps: 2 });
    const steps = await stores.sessions.load(sessionKey(id, 1));
    expect(JSON.stringify(steps), id).toContain('Two ferries arrived & one left.');
    expect(JSON.stringify(steps.at(-1)), id).toContain(sentence);
  }
  expect(site.requests.map(({ headers }) => headers.host)).toEqual(['example.com', 'example.com', 'example.com']);
  expect([local.requests.length, claude.requests.length]).toEqual([2, 2]);
});
