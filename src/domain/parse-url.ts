/**
 * The one way a text becomes a URL (WHATWG URL).
 *
 * Must never ask `URL.canParse`: in a process that has asked it often, Node 20 and 22 say no to hosts that are not ASCII.
 */

/** The URL, or undefined when the text is not an absolute one. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
