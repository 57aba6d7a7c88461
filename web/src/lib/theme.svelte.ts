export type Theme = 'system' | 'light' | 'dark';

const key = 'helix.theme';
const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };

/** The chosen theme; `static/theme.js` applies it before the first paint. */
class ThemeChoice {
  current: Theme = $state(chosen());

  advance(): void {
    this.choose(next[this.current]);
  }

  choose(theme: Theme): void {
    this.current = theme;
    const root = document.documentElement;
    if (this.current === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = this.current;
    try {
      localStorage.setItem(key, this.current);
    } catch {
      return;
    }
  }
}

function chosen(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export const theme = new ThemeChoice();
