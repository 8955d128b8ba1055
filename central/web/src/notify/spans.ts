/** Spans as somebody types them: with commas of both kinds. */
export function spans(text: string): string[] {
  return text.split(/[,，、;；\s]+/).filter((part) => part !== "");
}
