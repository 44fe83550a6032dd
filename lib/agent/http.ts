/** One HTTP exchange asked for by a tool. */
export type HttpRequest = {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Hosts the job allows: `example.com` (exactly that one), `*.example.com` (its subdomains), with `:port` if not the scheme's own. */
  allow: string[];
  /** How much of the body is kept, in bytes; the rest is not read. */
  maxBytes: number;
  signal: AbortSignal;
};

export type HttpResponse = {
  status: number;
  /** Where the answer came from, after redirects. */
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  /** True when the body was longer than `maxBytes`. */
  cut: boolean;
};

/**
 * Fetches from allowed hosts only. Private, loopback, link-local and other special addresses are refused unless the job
 * allows that host by its exact name; the address that was checked is the one connected to; each redirect is checked anew.
 * Throws ToolError: `refused` (nothing was sent), `unreachable` (no connection, nothing was sent), `interrupted` (sent, no whole answer).
 */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;
