type Headers = Record<string, string>;

const number = /^\d+(\.\d+)?$/;
/** `20s`, `1m30s`, `6m0s`, `2m59.56s`, `250ms`. */
const duration =
  /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;
const unitSeconds = [86_400, 3600, 60, 1, 0.001];

/** The three forms of a date in RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 …`, `Sunday, 06-Nov-94 …` and `Sun Nov  6 … 1994`, all UTC. */
const dates = [
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/,
];

/** A year of two digits is the one that lies at most 50 years ahead. */
const fullYear = (year: string, now: Date): number => {
  if (year.length > 2) return Number(year);
  const century = Math.floor(now.getUTCFullYear() / 100) * 100;
  const likely = century + Number(year);
  return likely > now.getUTCFullYear() + 50 ? likely - 100 : likely;
};

const dateOf = (text: string, now: Date): number | undefined => {
  const { day, month, year, time } = dates.map((form) => form.exec(text)?.groups).find((groups) => groups) ?? {};
  if (!day || !month || !year || !time) return undefined;
  const at = Date.parse(`${day.trim()} ${month} ${fullYear(year, now)} ${time} GMT`);
  return Number.isNaN(at) ? undefined : at;
};

const until = (at: number, now: Date): number => Math.max(0, (at - now.getTime()) / 1000);

const durationOf = (text: string): number | undefined => {
  const parts = text === '' ? undefined : duration.exec(text)?.slice(1);
  return parts?.reduce((sum, part, at) => sum + Number(part ?? 0) * (unitSeconds[at] ?? 0), 0);
};

/** Numbers so large are instants: seconds since 1970, or milliseconds. */
const [epochSeconds, epochMilliseconds] = [1e9, 1e12];

const secondsOf = (value: unknown, now: Date): number | undefined => {
  const text = String(value ?? '').trim();
  if (number.test(text)) {
    const count = Number(text);
    if (count >= epochMilliseconds) return until(count, now);
    return count >= epochSeconds ? until(count * 1000, now) : count;
  }
  const instant = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : dateOf(text, now);
  return instant === undefined || Number.isNaN(instant) ? durationOf(text) : until(instant, now);
};

/** Headers that say when a limit is free again, each with the header that says how much of it is left. */
const resets = (headers: Headers): { reset: string; left: string | undefined }[] =>
  Object.entries(headers).flatMap(([name, reset]) => {
    if (!/^(x-ratelimit-reset|ratelimit-reset|anthropic-ratelimit-.*-reset)/.test(name)) return [];
    const other = name.startsWith('anthropic')
      ? name.replace(/-reset$/, '-remaining')
      : name.replace('reset', 'remaining');
    return [{ reset, left: headers[other] }];
  });

/** The longest wait for a limit that is used up, or for any limit if none is said to be. */
const untilReset = (headers: Headers, now: Date): number | undefined => {
  const found = resets(headers);
  const usedUp = found.filter(({ left }) => Number(left ?? 1) <= 0);
  const waits = (usedUp.length > 0 ? usedUp : found).flatMap(({ reset }) => secondsOf(reset, now) ?? []);
  return waits.length > 0 ? Math.max(...waits) : undefined;
};

const fields = /^(retry_?after(_?seconds)?|retry_?delay|x-ratelimit-reset)$/i;
const milliseconds = /^retry_?after_?ms$/i;

const inField = (name: string, value: unknown, now: Date): number | undefined => {
  if (fields.test(name)) return secondsOf(value, now);
  const said = milliseconds.test(name) ? secondsOf(value, now) : undefined;
  return said === undefined ? undefined : said / 1000;
};

/** A wait in a field of the body, such as Google's `retryDelay: "41s"`. */
const inBody = (json: unknown, now: Date, depth = 6): number | undefined => {
  if (typeof json !== 'object' || json === null || depth === 0) return undefined;
  for (const [name, value] of Object.entries(json).slice(0, 100)) {
    const said = inField(name, value, now) ?? inBody(value, now, depth - 1);
    if (said !== undefined) return said;
  }
  return undefined;
};

/** `Please try again in 41.2s`, `Please retry after 41 seconds`, `try again in 1m30s`. */
const sentence =
  /\b(?:again|retry|wait)\b[^.\d]{0,30}?(\d+(?:\.\d+)?)\s?(ms|milliseconds?|h|hours?|m|min(?:ute)?s?|s|sec(?:ond)?s?)(?:(\d+(?:\.\d+)?)s)?\b/i;

const secondsIn = (unit: string): number => {
  if (/^(ms|milli)/i.test(unit)) return 0.001;
  return { h: 3600, m: 60 }[unit.charAt(0).toLowerCase()] ?? 1;
};

const inWords = (words: string): number | undefined => {
  const [, count, unit = 's', more = '0'] = sentence.exec(words.slice(0, 2000)) ?? [];
  return count === undefined ? undefined : Number(count) * secondsIn(unit) + Number(more);
};

/**
 * The wait that a provider asks for, in seconds, never negative: `retry-after-ms`, `retry-after` (seconds, a duration, or a date of RFC 9110),
 * a field of the body, its words, and for a throttle (429) the reset of its limits. Undefined if it asks for none.
 */
export const retryAfterSeconds = (
  { headers, json, words = '', status }: { headers: Headers; json?: unknown; words?: string; status?: number },
  now: Date,
): number | undefined => {
  const exact = headers['retry-after-ms']?.trim() ?? '';
  if (number.test(exact)) return Number(exact) / 1000;
  return (
    secondsOf(headers['retry-after'], now) ??
    inBody(json, now) ??
    (status === 429 ? (inWords(words) ?? untilReset(headers, now)) : undefined)
  );
};
