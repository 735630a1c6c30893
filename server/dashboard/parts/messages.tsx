import type { ReactNode } from 'react';
import { failureText } from '../api/actions.ts';

/** An error where it happened. Draws nothing without one. */
export function Failure({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null;
  return (
    <p className="callout bad" role="alert">
      {failureText(error)}
    </p>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Holds the place of rows that are on their way, so that nothing jumps when they come. */
export function Loading({ rows = 3 }: { readonly rows?: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => row).map((row) => (
        <div key={row} className="loading-row" />
      ))}
    </div>
  );
}
