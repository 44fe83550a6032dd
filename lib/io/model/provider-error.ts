import type { FailureName } from '../../failure.ts';

/** What a provider says about an error: in words, by its own codes, and the whole answer as JSON. */
export type ProviderError = { words: string; codes: string[]; status: number | undefined; json: unknown };

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const parsed = (body: unknown): unknown => {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** The text of a page or of plain text, without tags and line breaks. */
const plainText = (body: string): string =>
  body
    .slice(0, 10_000)
    .replace(/<(style|script|head)\b.*?<\/\1>/gis, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** The words in a field: text itself, or those of an object (`message`, `msg`) or of the first in a list. */
const wordsIn = (value: unknown, depth = 3): string | undefined => {
  if (typeof value === 'string') return value.trim() || undefined;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return wordsIn(value[0], depth - 1);
  const { message, Message, msg, detail, error, errors, title } = fieldsOf(value);
  for (const field of [error, message, Message, detail, errors, msg, title]) {
    const words = wordsIn(field, depth - 1);
    if (words !== undefined) return words;
  }
  return undefined;
};

/** Reads an error in the forms of known servers: `{"error":{…}}`, `{"error":"…"}`, `{"message":…}`, `{"detail":…}`, a list of these, a page or text. */
export const providerError = (body: unknown): ProviderError => {
  const json = parsed(body);
  const outer = fieldsOf(Array.isArray(json) ? json[0] : json);
  const inner = fieldsOf(outer.error);
  const named = [inner.code, inner.type, inner.status, inner.reason, outer.code, outer.type, outer.__type];
  const numbers = [inner.code, inner.status, inner.status_code, outer.code, outer.status, outer.status_code];
  const status = numbers.map(Number).find((number) => Number.isInteger(number) && number >= 400 && number < 600);
  return {
    words: wordsIn(json) ?? (typeof body === 'string' && json === undefined ? plainText(body) : ''),
    codes: named.filter((code) => typeof code === 'string').map((code) => code.replace(/^.*#/, '')),
    status,
    json,
  };
};

/** Failures by the codes of providers, in lower case without `_`. A code that is not here says no more than the status does. */
const byCode: Record<string, FailureName> = {
  insufficientquota: 'Unauthorized',
  billinghardlimitreached: 'Unauthorized',
  billingnotactive: 'Unauthorized',
  billingerror: 'Unauthorized',
  insufficientbalance: 'Unauthorized',
  authenticationerror: 'Unauthorized',
  permissionerror: 'Unauthorized',
  invalidapikey: 'Unauthorized',
  accessdeniedexception: 'Unauthorized',
  // LiteLLM's proxy without a database of keys says so, with status 400, of any key but its own.
  nodbconnection: 'Unauthorized',
  modelnotfound: 'UnknownModel',
  modelnotfounderror: 'UnknownModel',
  unknownmodel: 'UnknownModel',
  invalidmodel: 'UnknownModel',
  notfounderror: 'UnknownModel',
  resourcenotfoundexception: 'UnknownModel',
  ratelimiterror: 'ModelThrottled',
  ratelimitexceeded: 'ModelThrottled',
  toomanyrequests: 'ModelThrottled',
  throttlingexception: 'ModelThrottled',
  resourceexhausted: 'ModelThrottled',
  overloadederror: 'ModelUnavailable',
  apierror: 'ModelUnavailable',
  servererror: 'ModelUnavailable',
  internalservererror: 'ModelUnavailable',
  serviceunavailable: 'ModelUnavailable',
  timeouterror: 'ModelUnavailable',
  modelnotreadyexception: 'ModelUnavailable',
  contextlengthexceeded: 'InvalidPrompt',
  invalidrequesterror: 'InvalidPrompt',
  validationexception: 'InvalidPrompt',
};

/**
 * What Bedrock and LiteLLM say about an unknown model. They answer 400 with the code of any invalid request. The words only choose between
 * two final failures: they never decide whether a run is tried again (decision 71).
 */
const unknownModelWords = [/\bmodel identifier is invalid\b/i, /\binvalid model name\b/i];

/** Codes that say more than the status: of a 429 that no wait ends, and of a 400 for the name of the model. */
const decisive = ['Unauthorized', 'UnknownModel'];

const named = (codes: string[]): FailureName | undefined =>
  codes.map((code) => byCode[code.toLowerCase().replaceAll(/[_-]/g, '')]).find((name) => name !== undefined);

/** The failure of an error that came with this status. For one that came in a good answer (200), its codes decide. */
export const failureOfError = (
  { codes, words, status: own }: ProviderError,
  status: number,
  byStatus: (status: number) => FailureName,
): FailureName => {
  const byName = named(codes);
  if (status < 400) return byName ?? (own === undefined ? 'ModelUnavailable' : byStatus(own));
  const name = byStatus(status);
  if (status < 500 && byName !== undefined && decisive.includes(byName)) return byName;
  return name === 'InvalidPrompt' && unknownModelWords.some((form) => form.test(words)) ? 'UnknownModel' : name;
};
