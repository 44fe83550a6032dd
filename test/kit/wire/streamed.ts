import { crc32 } from 'node:zlib';

/** A text in up to five pieces, as a server streams it. Pieces never split a character. */
const pieces = (text: string): string[] => {
  const characters = [...text];
  const size = Math.max(1, Math.ceil(characters.length / 5));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(''),
  );
};

const sse = (events: { event?: string; data: unknown }[]): string =>
  events
    .map(
      ({ event, data }) =>
        `${event ? `event: ${event}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    )
    .join('');

type Completion = {
  id: string;
  choices: { message: Record<string, unknown>; finish_reason: string | null }[];
  usage?: unknown;
};
type Call = { id?: unknown; function: { name: string; arguments: string } };

/** A chat completion as OpenAI streams it, with its usage in a last chunk. */
export const chatStream = ({ id, choices, usage }: Completion): string => {
  const [choice] = choices;
  const { content, tool_calls: calls, ...rest } = choice?.message ?? {};
  const chunk = (delta: unknown, finish_reason: string | null = null) => ({
    data: { id, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] },
  });
  const texts = typeof content === 'string' ? pieces(content) : content == null ? [] : [content];
  return sse([
    chunk({ role: 'assistant', content: '' }),
    ...(Object.keys(rest).length > 1 ? [chunk(rest)] : []),
    ...texts.map((text) => chunk({ content: text })),
    ...((calls as Call[] | undefined) ?? []).flatMap(({ function: { name, arguments: input }, ...call }, index) => [
      chunk({ tool_calls: [{ index, ...call, function: { name, arguments: '' } }] }),
      ...pieces(input).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
    chunk({}, choice?.finish_reason ?? null),
    ...(usage === undefined ? [] : [{ data: { id, choices: [], usage } }]),
    { data: '[DONE]' },
  ]);
};

type Block = { type: string; text?: string; thinking?: string; signature?: string; input?: unknown };
type Message = {
  content: Block[];
  stop_reason: string | null;
  stop_sequence?: unknown;
  usage: Record<string, unknown>;
};

const deltasOf = (block: Block): Record<string, unknown>[] => {
  if (block.type === 'text') return pieces(block.text ?? '').map((text) => ({ type: 'text_delta', text }));
  if (block.type === 'tool_use')
    return pieces(JSON.stringify(block.input)).map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
  if (block.type !== 'thinking') return [];
  const thoughts = pieces(block.thinking ?? '').map((thinking) => ({ type: 'thinking_delta', thinking }));
  return [...thoughts, { type: 'signature_delta', signature: block.signature }];
};

const emptied = (block: Block): Block => {
  if (block.type === 'text') return { ...block, text: '' };
  if (block.type === 'thinking') return { ...block, thinking: '', signature: '' };
  return block.type === 'tool_use' ? { ...block, input: {} } : block;
};

/** A message as Anthropic streams it. */
export const messageStream = (message: Message): string => {
  const { content, stop_reason, stop_sequence = null, usage } = message;
  const events: Record<string, unknown>[] = [
    {
      type: 'message_start',
      message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    },
    { type: 'ping' },
    ...content.flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: emptied(block) },
      ...deltasOf(block).map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage: { output_tokens: usage.output_tokens } },
    { type: 'message_stop' },
  ];
  return sse(events.map((data) => ({ event: String(data.type), data })));
};

/** One frame of AWS's event stream encoding: lengths, their checksum, headers, the payload, the checksum of all. */
export const awsFrame = (type: string, payload: unknown, kind: 'event' | 'exception' = 'event'): Buffer => {
  const header = (name: string, value: string): Buffer => {
    const [key, text] = [Buffer.from(name), Buffer.from(value)];
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length);
    return Buffer.concat([Buffer.from([key.length]), key, Buffer.from([7]), length, text]);
  };
  const headers = Buffer.concat([
    header(`:${kind}-type`, type),
    header(':content-type', 'application/json'),
    header(':message-type', kind),
  ]);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(headers.length + body.length + 16, 0);
  prelude.writeUInt32BE(headers.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const frame = Buffer.concat([prelude, headers, body]);
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(frame));
  return Buffer.concat([frame, end]);
};

type Thought = { reasoningText?: { text: string; signature?: string } };
type Part = {
  text?: string;
  reasoningContent?: Thought;
  toolUse?: { toolUseId: string; name: string; input: unknown };
};
type Converse = { output: { message: { content: Part[] } }; stopReason: string; usage: unknown };

const partFrames = ({ text, reasoningContent, toolUse }: Part, contentBlockIndex: number): Buffer[] => {
  const delta = (piece: unknown) => awsFrame('contentBlockDelta', { contentBlockIndex, delta: piece });
  const { text: thought = '', signature } = reasoningContent?.reasoningText ?? {};
  const { input, ...use } = toolUse ?? { input: undefined };
  return [
    ...(toolUse ? [awsFrame('contentBlockStart', { contentBlockIndex, start: { toolUse: use } })] : []),
    ...pieces(text ?? '').map((piece) => delta({ text: piece })),
    ...pieces(thought).map((piece) => delta({ reasoningContent: { text: piece } })),
    ...(signature ? [delta({ reasoningContent: { signature } })] : []),
    ...(toolUse ? pieces(JSON.stringify(input)).map((piece) => delta({ toolUse: { input: piece } })) : []),
    awsFrame('contentBlockStop', { contentBlockIndex }),
  ];
};

/** A Converse answer as Bedrock streams it. */
export const converseStream = ({ output, stopReason, usage }: Converse): Buffer =>
  Buffer.concat([
    awsFrame('messageStart', { role: 'assistant' }),
    ...output.message.content.flatMap(partFrames),
    awsFrame('messageStop', { stopReason }),
    awsFrame('metadata', { usage, metrics: { latencyMs: 1 } }),
  ]);
