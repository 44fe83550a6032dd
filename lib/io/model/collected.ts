import type {
  LanguageModelV4Content,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { fieldsOf } from './loose-json.ts';
import { ReplyTooLarge, ToldError } from './refusal.ts';

/** How many characters a reply may have, thoughts and arguments included. What a step keeps is bounded much lower. */
const maxCharacters = 8 * 1024 * 1024;

type Block = { type: 'text' | 'reasoning'; text: string; providerMetadata?: SharedV4ProviderMetadata };

/** A reply as far as it has come. The last four fields come with its end. */
export type Collected = {
  content: LanguageModelV4Content[];
  characters: number;
  warnings: SharedV4Warning[];
  finishReason?: { unified: string; raw: string | undefined };
  usage?: LanguageModelV4Usage;
};

/** The error in a stream. Its status, where the provider gives one, is that of an answer. */
const errorOf = (error: unknown): unknown => {
  const { statusCode, message } = fieldsOf(error);
  if (typeof statusCode !== 'number') return error instanceof Error ? error : new Error('the stream has an error');
  return new ToldError({ status: statusCode, headers: {}, body: { message } }, error);
};

/** Keys by which each kind of block of Bedrock carries what we keep. A piece without one of them is no part of the reply. */
const kept = ['text', 'toolUse', 'reasoningContent'];

/** Whether the SDK could not read a piece that holds nothing of the reply: a kind of block that it does not know. */
const isForeign = (raw: unknown): boolean => {
  const { contentBlockDelta, contentBlockStart } = fieldsOf(raw);
  const { delta } = fieldsOf(contentBlockDelta);
  const { start } = fieldsOf(contentBlockStart);
  const piece = fieldsOf(delta ?? start);
  return (delta ?? start) !== undefined && !Object.keys(piece).some((key) => kept.includes(key));
};

type Kind = Block['type'];
type Piece = { id: string; delta?: string; providerMetadata?: SharedV4ProviderMetadata };

/** The blocks of a reply, by their kind and the stream's id. */
const blocksOf = (reply: Collected) => {
  const open = new Map<string, Block>();
  const merge = (block: Block, metadata: SharedV4ProviderMetadata = {}): void => {
    for (const [name, options] of Object.entries(metadata)) {
      block.providerMetadata = { ...block.providerMetadata, [name]: { ...block.providerMetadata?.[name], ...options } };
    }
  };
  return {
    start(type: Kind, { id, providerMetadata }: Piece): void {
      const block: Block = { type, text: '' };
      merge(block, providerMetadata);
      open.set(`${type} ${id}`, block);
      reply.content.push(block);
    },
    /** Adds a piece to its block. A piece without a beginning, or whose block began as another kind, begins its own. */
    add(type: Kind, { id, delta = '', providerMetadata }: Piece): void {
      const isEmpty = delta === '' && providerMetadata === undefined;
      if (!open.has(`${type} ${id}`) && !isEmpty) this.start(type, { id });
      const block = open.get(`${type} ${id}`);
      if (!block) return;
      block.text += delta;
      merge(block, providerMetadata);
    },
  };
};

/**
 * Collects a streamed reply into `reply`, which holds what had come also if the stream breaks. Throws what ended the stream early, and a
 * ReplyTooLarge for a reply without an end.
 */
export const collect = async (
  stream: ReadableStream<LanguageModelV4StreamPart>,
  reply: Collected,
): Promise<Collected> => {
  const blocks = blocksOf(reply);
  let raw: unknown;
  for await (const part of stream) {
    if ('delta' in part) reply.characters += part.delta.length;
    if (reply.characters > maxCharacters) throw new ReplyTooLarge(maxCharacters, 'characters');
    if (part.type === 'raw') raw = part.rawValue;
    else if (part.type === 'error' && !isForeign(raw)) throw errorOf(part.error);
    else take(part, reply, blocks);
  }
  return reply;
};

const kinds: Record<string, Kind> = {
  'text-start': 'text',
  'text-delta': 'text',
  'text-end': 'text',
  'reasoning-start': 'reasoning',
  'reasoning-delta': 'reasoning',
  'reasoning-end': 'reasoning',
};

const take = (part: LanguageModelV4StreamPart, reply: Collected, blocks: ReturnType<typeof blocksOf>): void => {
  const kind = kinds[part.type];
  if (kind) {
    const piece = part as Piece;
    if (part.type.endsWith('-start')) blocks.start(kind, piece);
    else blocks.add(kind, piece);
  } else if (part.type === 'tool-call') reply.content.push(part);
  else if (part.type === 'stream-start') reply.warnings = part.warnings;
  else if (part.type === 'finish') {
    reply.finishReason = { unified: part.finishReason.unified, raw: part.finishReason.raw };
    reply.usage = part.usage;
  }
};
