import type { EventOf } from '../history.ts';
import type { Facts } from '../schedule-facts.ts';
import { marksIn } from '../simulated-model.ts';
import type { Command } from '../simulated-sdk.ts';
import type { Item } from '../simulated-store.ts';

const itemsOf = ({ output }: EventOf<'point'>): Item[] => {
  const { Item: one, Items: many } = (output ?? {}) as { Item?: Item; Items?: Item[] };
  return [...(one ? [one] : []), ...(many ?? [])];
};

const placeOf = (item: Item | undefined): string => `${item?.pk} ${item?.sk}`;

/** The item of a put, whether it was performed or not. */
const putOf = ({ kind, input }: EventOf<'point'>): { item: Item | undefined; place: string; version: number } => {
  const item = kind === 'write' ? ((input as Command).input.Item as Item) : undefined;
  return { item, place: placeOf(item), version: Number(item?.version ?? 1) };
};

/** Everything that an invocation read, received or did before an event. */
const learned = ({ of }: Facts, actor: string, before: number): string =>
  [
    ...of('point')
      .filter((event) => event.actor === actor && event.order < before)
      .map(({ output }) => output),
    ...of('asked')
      .filter((event) => event.actor === actor && event.order < before)
      .map(({ reply }) => reply),
    ...of('acted')
      .filter((event) => event.actor === actor && event.order < before)
      .map(({ output }) => output),
  ]
    .map((output) => JSON.stringify(output) ?? '')
    .join('\n');

/** 8. Every prompt and write of an invocation derives from what this invocation read, received or did. */
export const nothingOutlives = (facts: Facts): string[] => {
  const { of } = facts;
  const remembered = of('asked').flatMap(({ actor, request, order }) => {
    const marks = marksIn(JSON.stringify(request));
    const known = marks.length > 0 ? learned(facts, actor, order) : '';
    return marks
      .filter((mark) => !known.includes(mark))
      .map((mark) => `${actor} sent ${mark} to the model and never read it`);
  });
  const unseen = of('point').filter((event) => {
    const { item, place, version } = putOf(event);
    if (!item || version < 2 || item.sk.startsWith('attempt#')) return false;
    const earlier = of('point').filter(({ actor, order }) => actor === event.actor && order < event.order);
    const knows = (known: Item | undefined) => placeOf(known) === place && Number(known?.version ?? 1) >= version - 1;
    return !earlier.some((point) => itemsOf(point).some(knows) || knows(putOf(point).item));
  });
  return [
    ...remembered,
    ...unseen.map(
      (event) =>
        `${event.actor} writes version ${putOf(event).version} of ${putOf(event).place} without having read the version before`,
    ),
    ...of('stray').map(({ actor }) => `${actor} acts outside any invocation`),
  ];
};
