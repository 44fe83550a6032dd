import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Decision = { number: number; title: string; status: string; lines: string[] };

const text = readFileSync('DECISIONS.md', 'utf8');
const [head = '', ...parts] = text.split(/^## (?=\d)/m);

const decisions = parts.map((part): Decision => {
  const [heading = '', ...rest] = part.split('\n');
  const [, number, title = ''] = /^(\d+)\. (.+)$/.exec(heading) ?? [];
  const [status = '', ...lines] = rest.filter((line) => line.trim() !== '');
  return { number: Number(number), title, status: status.replace(/^_(.*)_$/, '$1'), lines };
});
const byNumber = new Map(decisions.map((decision) => [decision.number, decision]));

const statusForm =
  /^(In force\.|Superseded\.|Reversed by \d+\.|Reversed in part by \d+: .+\.)( Reverses \d+( in part: .+)?\.)?$/;

/** What a status line says of another decision: "Reversed by 59." is ['59', ''], "Reversed in part by 57: …" is ['57', ' in part']. */
const reversals = (status: string, form: RegExp): { other: number; part: boolean }[] =>
  [...status.matchAll(form)].map(({ groups }) => ({ other: Number(groups?.n), part: Boolean(groups?.part) }));
const reversedBy = (status: string) => reversals(status, /Reversed(?<part> in part)? by (?<n>\d+)/g);
const reverses = (status: string) => reversals(status, /Reverses (?<n>\d+)(?<part> in part)?/g);

/** GitHub's anchor of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

/** The index: each room with the lines under it. */
const rooms = head
  .split(/^\*\*/m)
  .slice(1)
  .map((part) => {
    const [room = '', ...rest] = part.split('\n');
    return { room: room.replace('**', ''), lines: rest.filter((line) => line.startsWith('- ')) };
  });

const places = (room: string): string[] => [`lib/${room}`, `infra/${room}`, { hall: 'lib', tests: 'test' }[room] ?? ''];

describe('DECISIONS.md', () => {
  it('numbers its decisions from 1 without a gap', () => {
    expect(decisions.length).toBeGreaterThan(58);
    expect(decisions.map(({ number }) => number)).toEqual(decisions.map((_, index) => index + 1));
  });

  it('has a status for each decision', () => {
    const wrong = decisions.filter(({ status }) => !statusForm.test(status));
    expect(wrong.map(({ number, status }) => `${number}: ${status}`)).toEqual([]);
  });

  it('names each reversal in both decisions', () => {
    const said = decisions.flatMap(({ number, status }) =>
      reversedBy(status).map(({ other, part }) => `${other} reverses ${number}${part ? ' in part' : ''}`),
    );
    const done = decisions.flatMap(({ number, status }) =>
      reverses(status).map(({ other, part }) => `${number} reverses ${other}${part ? ' in part' : ''}`),
    );
    expect(done.toSorted()).toEqual(said.toSorted());
    expect(done.length).toBeGreaterThanOrEqual(3);
  });

  it('lets only a later decision reverse an earlier one', () => {
    for (const { number, status } of decisions)
      for (const { other } of reverses(status)) expect(other, `reversed by ${number}`).toBeLessThan(number);
  });

  it('has at most 12 lines in each decision', () => {
    expect(decisions.filter(({ lines }) => lines.length > 12).map(({ number }) => number)).toEqual([]);
    const wide = decisions.flatMap(({ number, lines }) => lines.filter((line) => line.length > 150).map(() => number));
    expect(wide).toEqual([]);
  });

  it('refers only to existing decisions', () => {
    const named = decisions.flatMap(({ lines }) => [...lines.join(' ').matchAll(/decisions? (\d+)/g)]);
    expect(named.filter(([, number]) => !byNumber.has(Number(number)))).toEqual([]);
  });

  it('names only existing files', () => {
    const paths = decisions.flatMap(({ number, lines }) =>
      [...lines.join(' ').matchAll(/`((?:lib|infra|test|functions)\/[\w./-]+)`/g)].map(([, path]) => ({
        number,
        path,
      })),
    );
    expect(paths.filter(({ path = '' }) => !existsSync(path))).toEqual([]);
  });
});

describe('the index of DECISIONS.md', () => {
  it('has a heading for existing rooms only, each once', () => {
    expect(rooms.filter(({ room }) => !places(room).some((path) => path !== '' && existsSync(path)))).toEqual([]);
    expect(new Set(rooms.map(({ room }) => room)).size).toBe(rooms.length);
  });

  it('lists each decision once, by number and title', () => {
    const listed = rooms.flatMap(({ lines }) => lines);
    const expected = decisions.map(({ number, title }) => {
      const heading = `${number}. ${title}`;
      return `- [${heading}](#${anchor(heading)})`;
    });
    expect(listed.toSorted()).toEqual(expected.toSorted());
  });
});
