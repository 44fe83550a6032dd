/** The methods of HTTP that a request may have. `GET` and `HEAD` change nothing: RFC 9110, 9.2.1. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof methods)[number];

/** Whether a request of this method only reads. */
export const isSafe = (method: Method): boolean => method === 'GET' || method === 'HEAD';

/** The address without its query: what differs there is the content, not the place. */
export const placeOfUrl = (text: string): string => {
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`;
};

/** An HTTP request of a tool. */
export type HttpRequest = {
  method: Method;
  url: string;
  headers: Record<string, string>;
  body?: string;
  /**
   * The allowed hosts besides those of the job's connections: `example.com` or `*.example.com`, with `:port`, after `http://` or before ` private`
   * (lib/job/allow-entry.ts).
   */
  allow: string[];
  /** Maximum body size in bytes. The rest of a longer body is not read. */
  maxBytes: number;
  signal: AbortSignal;
};

export type HttpResponse = {
  status: number;
  /** The final URL, after redirects. */
  url: string;
  /** `content-encoding` is among them only where the body is still in that coding. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** True when the body was longer than `maxBytes`. */
  cut: boolean;
};

/**
 * Sends a request to an allowed host. Checks host and address of the URL and of each redirect, and connects to the checked address.
 * Refuses private and loopback addresses, unless the host's entry says ` private`, and link-local and other special ones always.
 * A request to a host of the job's connections gets that connection's credential, and the answer comes without it.
 * Throws ToolError: `refused` or `unreachable` (nothing was sent), or `interrupted` (sent, but no complete response).
 */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;
