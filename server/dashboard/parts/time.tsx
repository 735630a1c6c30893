import { duration, relativeTime } from '../rules/relative-time.ts';
import { useNow } from './clock.ts';

/** `5 min ago`; the exact local time is its title. */
export function Ago({ at }: { readonly at: string }) {
  const now = useNow();
  const date = new Date(at);
  return (
    <time dateTime={at} title={date.toLocaleString()}>
      {relativeTime(date, now)}
    </time>
  );
}

/** Time since, counting. */
export function Elapsed({ since }: { readonly since: string }) {
  const seconds = Math.max(0, Math.floor((useNow().getTime() - new Date(since).getTime()) / 1000));
  return <span className="number">{seconds < 60 ? `${seconds} s` : duration(seconds * 1000)}</span>;
}
