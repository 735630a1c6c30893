import type { AppTab } from './route.ts';

export type Shortcut =
  | { readonly do: 'search' }
  | { readonly do: 'help' }
  | { readonly do: 'apps' }
  | { readonly do: 'new' }
  | { readonly do: 'tab'; readonly tab: AppTab };

interface ShortcutHelp {
  readonly keys: string;
  readonly text: string;
  readonly shortcut: Shortcut;
}

export const shortcuts: readonly ShortcutHelp[] = [
  { keys: '/', text: 'Search on this page', shortcut: { do: 'search' } },
  { keys: '?', text: 'Show these shortcuts', shortcut: { do: 'help' } },
  { keys: 'g a', text: 'Go to apps', shortcut: { do: 'apps' } },
  { keys: 'g n', text: 'Create an app', shortcut: { do: 'new' } },
  { keys: 'g o', text: 'Go to overview', shortcut: { do: 'tab', tab: 'overview' } },
  { keys: 'g b', text: 'Go to builds', shortcut: { do: 'tab', tab: 'builds' } },
  { keys: 'g l', text: 'Go to logs', shortcut: { do: 'tab', tab: 'logs' } },
  { keys: 'g r', text: 'Go to releases', shortcut: { do: 'tab', tab: 'releases' } },
  { keys: 'g c', text: 'Go to config vars', shortcut: { do: 'tab', tab: 'config' } },
  { keys: 'g s', text: 'Go to scale', shortcut: { do: 'tab', tab: 'scale' } },
];

/** What a key means after the one before it; `before` is empty or `g`. */
export function readShortcut(before: string, key: string): Shortcut | undefined {
  const keys = before === '' ? key : `${before} ${key}`;
  return shortcuts.find((entry) => entry.keys === keys)?.shortcut;
}
