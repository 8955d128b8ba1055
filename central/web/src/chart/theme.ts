/** The page's colours for charts: read from the style tokens, so that a chart is light or dark as the page is. */

export interface Colours {
  text: string;
  muted: string;
  line: string;
  card: string;
  /** For series side by side; told apart without seeing colour by their order and brightness. */
  series: string[];
  /** From little to much, for heat maps. */
  scale: string[];
  /** Time that could not be observed. */
  unknown: string;
}

/** The colours at a place of the page: a sheet of paper stays light in the dark. */
export function colours(at: Element): Colours {
  const style = getComputedStyle(at);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: token("text"),
    muted: token("muted"),
    line: token("line"),
    card: token("card"),
    series: [1, 2, 3, 4, 5].map((n) => token(`chart-${n}`)),
    scale: [0, 1, 2, 3, 4].map((n) => token(`heat-${n}`)),
    unknown: token("unknown"),
  };
}
