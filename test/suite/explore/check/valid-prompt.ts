import type { Facts } from '../schedule-facts.ts';

type Part = { type: string; text?: string; toolCallId?: string; input?: unknown; output?: { value?: string } };
type Message = { role: string; content: string | Part[] };

const isBlank = (text: unknown): boolean => typeof text !== 'string' || text.trim() === '';
const partsOf = (message: Message | undefined): Part[] => (Array.isArray(message?.content) ? message.content : []);

const blanks = (message: Message): string[] => {
  if (message.role === 'user') return isBlank(message.content) ? ['a blank user message'] : [];
  if (message.role === 'tool')
    return partsOf(message).some(({ output }) => isBlank(output?.value)) ? ['a blank result'] : [];
  const parts = partsOf(message).filter(({ type }) => type !== 'reasoning');
  if (parts.length === 0) return ['an assistant message without content'];
  return parts.some(({ type, text }) => type === 'text' && isBlank(text)) ? ['a blank text'] : [];
};

const idsOf = (message: Message | undefined, type: string): string =>
  partsOf(message)
    .flatMap((part) => (part.type === type ? [part.toolCallId] : []))
    .join(' ');

const pairing = (message: Message, next: Message | undefined): string[] => {
  if (message.role !== 'assistant') return [];
  const asked = idsOf(message, 'tool-call');
  const answered = next?.role === 'tool' ? idsOf(next, 'tool-result') : '';
  return asked === answered ? [] : [`calls "${asked}" answered by "${answered}"`];
};

/** What a provider would refuse in a conversation. The rules are the providers' own, independent of the product's schema. */
const wrongIn = (messages: Message[]): string[] => {
  const ids = messages.flatMap((message) => idsOf(message, 'tool-call').split(' ')).filter(Boolean);
  return [
    ...messages.flatMap(blanks),
    ...messages.flatMap((message, at) => pairing(message, messages[at + 1])),
    ...messages.flatMap(({ role }, at) =>
      role === 'tool' && messages[at - 1]?.role !== 'assistant' ? ['a result without its call'] : [],
    ),
    ...(new Set(ids).size < ids.length ? ['a tool call id used twice'] : []),
    ...(messages[0]?.role === 'user' ? [] : ['no user message at its beginning']),
  ];
};

/** 4. Providers accept every prompt that was sent and every committed prefix of every session. */
export const validPrompt = ({ of, sessions }: Facts): string[] => [
  ...of('asked').flatMap(({ actor, request }) => {
    const messages = request.messages as Message[];
    const wrong = wrongIn(messages);
    if (messages.at(-1)?.role === 'assistant') wrong.push('an assistant message at its end');
    return wrong.map((what) => `${actor} sent a prompt with ${what}`);
  }),
  ...sessions.flatMap(({ run, attempt, steps }) =>
    steps.flatMap((_, at) => {
      const turns = steps.slice(0, at + 1).flatMap(({ messages }) => messages as Message[]);
      return wrongIn([{ role: 'user', content: 'Go.' }, ...turns]).map(
        (what) => `${run}/a${attempt} has, after step ${at + 1}, ${what}`,
      );
    }),
  ),
];
