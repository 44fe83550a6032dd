const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const number = /^\d+(\.\d+)?$/;

/**
 * The wait that a provider asks for, in seconds, never negative. It reads `retry-after-ms`, or `retry-after` in seconds
 * or as an HTTP date (RFC 9110, preferred form). Undefined if neither header is valid.
 */
export const retryAfterSeconds = (headers: Record<string, string>, now: Date): number | undefined => {
  const milliseconds = headers['retry-after-ms']?.trim() ?? '';
  if (number.test(milliseconds)) return Number(milliseconds) / 1000;
  const text = headers['retry-after']?.trim() ?? '';
  if (number.test(text)) return Number(text);
  if (!httpDate.test(text)) return undefined;
  const seconds = (Date.parse(text) - now.getTime()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
};
