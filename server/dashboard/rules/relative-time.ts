const minuteS = 60;
const hourS = 60 * minuteS;
const dayS = 24 * hourS;

/** `just now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`, then the date. A clock that is ahead counts as now. */
export function relativeTime(at: Date, now: Date): string {
  const seconds = Math.floor((now.getTime() - at.getTime()) / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < minuteS) return `${seconds} s ago`;
  if (seconds < hourS) return `${Math.floor(seconds / minuteS)} min ago`;
  if (seconds < dayS) return `${Math.floor(seconds / hourS)} h ago`;
  if (seconds < 30 * dayS) return `${Math.floor(seconds / dayS)} d ago`;
  return at.toISOString().slice(0, 10);
}

/** `840 ms`, `4.2 s`, `1 min 05 s`, `2 h 03 min`. */
export function duration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.max(0, Math.round(durationMs))} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < hourS) return `${Math.floor(seconds / minuteS)} min ${pad(seconds % minuteS)} s`;
  const minutes = Math.floor(seconds / minuteS);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
