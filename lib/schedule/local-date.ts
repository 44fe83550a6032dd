const localParts = (instant: string | Date, zone: string): Partial<Record<Intl.DateTimeFormatPartTypes, string>> => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'long',
  });
  return Object.fromEntries(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
};

/** The local date of an instant: `2026-11-22`. Throws RangeError for an invalid instant or zone. */
export const localDate = (instant: string | Date, zone: string): string => {
  const { year = '', month, day } = localParts(instant, zone);
  return `${year.padStart(4, '0')}-${month}-${day}`;
};

/** The local time of day of an instant, in 24 hours: `09:00`. Throws RangeError for an invalid instant or zone. */
export const localTime = (instant: string | Date, zone: string): string => {
  const { hour, minute } = localParts(instant, zone);
  return `${hour}:${minute}`;
};

/** The English name of an instant's local day: `Sunday`. Throws RangeError for an invalid instant or zone. */
export const weekday = (instant: string | Date, zone: string): string => localParts(instant, zone).weekday ?? '';
