import type { Failure } from './failure.ts';

/** Reason phrases of the statuses in the table of failures. */
const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  417: 'Expectation Failed',
  499: 'Client Closed Request',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export interface ErrorPage {
  readonly failure: Failure;
  /** More than the table knows, e.g. which header is wrong. Text of the router, never of the request. */
  readonly detail: string | undefined;
  readonly accept: string | undefined;
  readonly requestId: string | undefined;
  /** An answer to HEAD has no body. */
  readonly head: boolean;
  readonly keepAlive: boolean;
}

/** The whole response, latin1: head and a body of the kind that the client accepts. */
export function writeErrorResponse(page: ErrorPage): { readonly text: string; readonly bodyBytes: number } {
  const { status } = page.failure;
  const { type, body } = writeBody(page);
  const head =
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n` +
    'Cache-Control: no-store\r\nServer: shipway\r\nDate: ' +
    `${new Date().toUTCString()}\r\n` +
    (page.requestId === undefined ? '' : `X-Request-Id: ${page.requestId}\r\n`) +
    (status === 503 ? 'Retry-After: 5\r\n' : '') +
    (page.keepAlive ? '\r\n' : 'Connection: close\r\n\r\n');
  return { text: page.head ? head : head + body, bodyBytes: page.head ? 0 : body.length };
}

function writeBody(page: ErrorPage): { readonly type: string; readonly body: string } {
  const { failure, detail } = page;
  const accept = page.accept?.toLowerCase() ?? '';
  const meaning = detail === undefined ? failure.meaning : `${failure.meaning} ${detail}`;
  const title = failure.code === undefined ? failure.description : `${failure.description} (${failure.code})`;
  if (accept.includes('text/html')) return { type: 'text/html; charset=utf-8', body: writeHtml(page, title, meaning) };
  if (accept.includes('application/json') || accept.includes('+json')) {
    const message = `${title}. ${meaning} ${failure.next}`;
    return { type: 'application/json', body: `${JSON.stringify({ id: failure.id, message })}\n` };
  }
  return { type: 'text/plain; charset=utf-8', body: `${title}\n${meaning}\n${failure.next}\n` };
}

function writeHtml(page: ErrorPage, title: string, meaning: string): string {
  const { status, next } = page.failure;
  const request = page.requestId === undefined ? '' : `<p class="id">Request ${page.requestId}</p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root{color-scheme:light dark}
body{font:16px/1.6 system-ui,sans-serif;max-width:36rem;margin:18vh auto 0;padding:0 1.5rem}
h1{font-size:1.5rem;line-height:1.3;margin:0 0 1rem}
.status,.id{color:#767676;margin:0 0 .5rem}
.next{border-top:1px solid #8884;margin-top:2rem;padding-top:1rem;font-size:.9rem}
code{background:#8882;border-radius:4px;padding:.1em .3em}
.id{font-size:.8rem;overflow-wrap:anywhere}
</style></head><body>
<p class="status">${status}</p><h1>${escapeHtml(title)}</h1><p>${escapeHtml(meaning)}</p>
<p class="next"><strong>If this is your app:</strong> ${codeSpans(escapeHtml(next))}</p>${request}
</body></html>
`;
}

function codeSpans(html: string): string {
  return html.replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
