// Small choices of a person, kept in this browser. A browser that refuses to store them still works.

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`shanshui.${key}`)
  } catch {
    return null
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`shanshui.${key}`, value)
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}
