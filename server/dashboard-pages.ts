import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';

const built = join(import.meta.dirname, 'dashboard', 'dist');

/** A page is asked for by a browser's address bar; everything else under the same paths is the API's. */
function wantsPage({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && /^text\/html\b/.test(headers.accept ?? '');
}

/** The dashboard: its files, and its one page for every path that a browser asks for. */
export function dashboardPages(): readonly RequestHandler[] {
  const headers: RequestHandler = (_request, response, next) => {
    response.set({
      'Content-Security-Policy': "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    });
    next();
  };
  const files = express.static(built, {
    index: false,
    redirect: false,
    setHeaders: (response, path) => {
      // Vite names assets by their content.
      response.setHeader(
        'Cache-Control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
  const page: RequestHandler = (request, response, next) => {
    if (!wantsPage(request)) return next();
    response.set({ 'Cache-Control': 'no-cache', Vary: 'Accept' });
    response.sendFile(join(built, 'index.html'));
  };
  return [headers, files, page];
}
