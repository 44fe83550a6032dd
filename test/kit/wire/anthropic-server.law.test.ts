import fc from 'fast-check';
import { expect, it } from 'vitest';
import { refusal } from './refusal.ts';
import { assistant, headers, hello, result, says, text, use, user } from './request.ts';

const house = { key: 'test-key', models: { 'claude-haiku-4-5': { maxTokens: 64_000, prefill: true } }, maxBytes: 1e6 };
const judge = (...messages: unknown[]) =>
  refusal({ method: 'POST', url: '/v1/messages', headers }, Buffer.from(JSON.stringify(says(...messages))), house)
    .refused;

it('the Anthropic wire server refuses a text exactly when it is blank or has half a surrogate pair', () => {
  const part = fc.constantFrom('\ud83d', '\ude00', '\u{1f600}', '\\', '\\ud83d', '"', 'u', ' ', '\n', 'å', '');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const words = parts.join('');
      expect(judge(user(text(words))) !== undefined).toBe(words.trim() === '' || !words.isWellFormed());
    }),
  );
});

it('the Anthropic wire server accepts every conversation of calls and results, and none with a call or a result removed', () => {
  const rounds = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rounds, fc.nat(), fc.boolean(), (counts, pick, takeCall) => {
      const steps = counts.map((count, n) => Array.from({ length: count }, (_, k) => `t${n}_${k}`));
      const talk = (lost: string | undefined) =>
        steps.flatMap((ids) => [
          assistant(text('so'), ...ids.filter((id) => !takeCall || id !== lost).map((id) => use(id))),
          user(...ids.filter((id) => takeCall || id !== lost).map((id) => result(id)), text('go on')),
        ]);
      const all = steps.flat();
      expect(judge(hello, ...talk(undefined))).toBeUndefined();
      expect(judge(hello, ...talk(all[pick % all.length]))).toMatchObject({ status: 400 });
    }),
  );
});
