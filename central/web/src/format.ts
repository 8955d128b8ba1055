/** Instants as a language writes them. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** An instant, written. A format takes far longer to make than to use, and a page writes hundreds of instants: each is made once. */
export function writtenAt(at: Date, lang: string, how: Intl.DateTimeFormatOptions): string {
  const key = lang + JSON.stringify(how);
  let format = formats.get(key);
  if (format === undefined) formats.set(key, (format = new Intl.DateTimeFormat(lang, how)));
  return format.format(at);
}
