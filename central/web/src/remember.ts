/** Small choices of this browser (language, theme, sound). A browser that refuses storage just forgets them. */

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`chuangming.${name}`);
  } catch {
    return null;
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(`chuangming.${name}`, value);
  } catch {
    /* private browsing: forgotten with the tab */
  }
}
