import { useState } from 'react';

const themes = ['auto', 'light', 'dark'] as const;

type Theme = (typeof themes)[number];

const labels: Readonly<Record<Theme, string>> = { auto: 'Auto', light: 'Light', dark: 'Dark' };

/** Call before the first drawing, so that the page does not flash in the other theme. */
export function applyStoredTheme(): void {
  applyTheme(storedTheme());
}

export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
  const change = () => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" className="quiet" onClick={change} title={`Change to ${labels[next].toLowerCase()}`}>
      <span className="hidden">Theme: </span>
      <span className={`theme-mark ${theme}`} aria-hidden="true" />
      {labels[theme]}
    </button>
  );
}

function applyTheme(theme: Theme): void {
  document.documentElement.setAttribute('data-theme', theme);
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // Storage may be blocked: then the choice holds until the page is reloaded.
  }
}

function storedTheme(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem('theme')) ?? 'auto';
  } catch {
    return 'auto';
  }
}
