import { useEffect, useRef, useState } from 'react';
import type { Route } from '../rules/route.ts';
import { readShortcut, type Shortcut, shortcuts } from '../rules/shortcuts.ts';
import { Dialog } from './dialog.tsx';
import { navigate } from './navigation.tsx';

/** How long `g` waits for its second key. */
const pairMs = 1200;

/** Listens for shortcuts while no field has the focus. */
export function Keyboard({ route }: { readonly route: Route }) {
  const [help, setHelp] = useState(false);
  const before = useRef({ key: '', at: 0 });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      const first = performance.now() - before.current.at < pairMs ? before.current.key : '';
      before.current = { key: event.key === 'g' ? 'g' : '', at: performance.now() };
      const shortcut = readShortcut(first, event.key);
      if (shortcut === undefined) return;
      event.preventDefault();
      if (shortcut.do === 'help') setHelp(true);
      else perform(shortcut, route);
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [route]);
  return help ? <ShortcutsDialog onClose={() => setHelp(false)} /> : null;
}

function perform(shortcut: Shortcut, route: Route): void {
  if (shortcut.do === 'search') document.querySelector<HTMLInputElement>('[data-search]')?.select();
  if (shortcut.do === 'apps') navigate({ page: 'apps' });
  if (shortcut.do === 'new') navigate({ page: 'new' });
  if (shortcut.do === 'tab' && route.page === 'app') navigate({ page: 'app', app: route.app, tab: shortcut.tab });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, dialog') !== null;
}

function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(({ keys, text }) => (
          <div key={keys} className="shortcut">
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div className="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
