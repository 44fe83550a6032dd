/** An HTTP request of a tool. */
export type HttpRequest = {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** The job's allowed hosts: `example.com` or `*.example.com`, with `:port`, after `http://` or before ` private` (lib/job/allow-entry.ts). */
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
 * Throws ToolError: `refused` or `unreachable` (nothing was sent), or `interrupted` (sent, but no complete response).
 */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;
