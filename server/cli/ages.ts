const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** `~ 5m ago`, as Heroku writes it. */
export function formatAge(at: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - new Date(at).getTime()) / 1000));
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? (['s', 1] as const);
  return `~ ${Math.floor(seconds / size)}${unit} ago`;
}

/** In the reader's own time zone: `2026/11/23 08:15:02 +0100`. */
export function formatTime(at: string): string {
  const date = new Date(at);
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('/');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${time} ${offset < 0 ? '-' : '+'}${two(offset / 60)}${two(offset % 60)}`;
}
