import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptReply } from '../../../lib/agent/reply.ts';
import { finishOf, knownReasons } from '../../../lib/io/model/finish-reason.ts';
import { noUsage } from '../../../lib/usage.ts';

const unified = fc.constantFrom('stop', 'tool-calls', 'length', 'content-filter', 'error', 'other');
const good = ['stop', 'tool-calls'];
/** The failure of a text that ends with this word, or that it is taken. */
const endOf = (raw: string | undefined) => {
  const finish = finishOf({ raw, unified: 'other' }, false);
  try {
    acceptReply({ content: [{ type: 'text', text: 'Half' }], finish, word: raw, usage: noUsage }, new Set());
    return 'taken';
  } catch (thrown) {
    return Object(thrown).name;
  }
};

describe('the end of a reply', () => {
  it('is never good by a word that is not known, whatever the SDK makes of it', () => {
    const letters = (word: string) => word.toLowerCase().replace(/[^a-z]/g, '');
    const known = new Set([...knownReasons.keys()].map(letters));
    fc.assert(
      fc.property(fc.string(), unified, fc.boolean(), (raw, reading, called) => {
        fc.pre(!known.has(letters(raw)));
        expect(finishOf({ raw, unified: reading }, called)).toBe('other');
      }),
    );
    for (const word of ['exploded', 'stop?', 'stopped', 'constructor', '__proto__', 'toString']) {
      for (const called of [true, false]) expect(finishOf({ raw: word, unified: 'stop' }, called)).toBe('other');
    }
  });

  it('is read from the word alone where the SDK calls a broken reply whole', () => {
    fc.assert(
      fc.property(fc.constantFrom(...knownReasons), unified, fc.boolean(), ([raw, verdict], reading, called) => {
        const finish = finishOf({ raw, unified: reading }, called);
        if (verdict !== 'end' && verdict !== 'calls') expect(good).not.toContain(finish);
      }),
    );
  });

  it.each([
    [undefined, 'taken'],
    ['', 'taken'],
    ['null', 'taken'],
    ['stop', 'taken'],
    ['STOP', 'taken'],
    ['eos', 'taken'],
    ['eos_token', 'taken'],
    ['endTurn', 'taken'],
    ['end_turn', 'taken'],
    ['COMPLETE', 'taken'],
    ['length', 'ReplyCut'],
    ['MAX_TOKENS', 'ReplyCut'],
    ['max-tokens', 'ReplyCut'],
    ['model_context_window_exceeded', 'ReplyCut'],
    ['model_length', 'ReplyCut'],
    ['content_filter', 'ReplyRefused'],
    ['guardrail_intervened', 'ReplyRefused'],
    ['SAFETY', 'ReplyRefused'],
    ['error', 'ModelUnavailable'],
    ['abort', 'ModelUnavailable'],
    ['malformed_tool_use', 'ModelUnavailable'],
    ['MALFORMED_FUNCTION_CALL', 'ModelUnavailable'],
    ['insufficient_system_resource', 'ModelUnavailable'],
    ['pause_turn', 'ModelUnavailable'],
    ['tool_calls', 'ModelUnavailable'],
    ['exploded', 'ModelUnavailable'],
  ])('of a text by %j is: %s', (word, end) => {
    expect(endOf(word)).toBe(end);
  });

  it('by a word for tool calls needs a call, unless the SDK asked for the answer by a tool', () => {
    expect(finishOf({ raw: 'tool_use', unified: 'tool-calls' }, true)).toBe('tool-calls');
    expect(finishOf({ raw: 'tool_use', unified: 'tool-calls' }, false)).toBe('broken');
    expect(finishOf({ raw: 'tool_use', unified: 'stop' }, false)).toBe('stop');
    expect(finishOf({ raw: 'stop', unified: 'stop' }, true)).toBe('tool-calls');
  });

  it('is a refusal where the model refused in its text and the word is a good one', () => {
    expect(finishOf({ raw: 'stop', unified: 'content-filter' }, false)).toBe('refused');
  });
});
