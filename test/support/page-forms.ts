/**
 * Forms of the broker's pages, found by where they post: account pages hold a sign-out form beside their own.
 */
import type { BrowserJar, JarResponse } from './browser-jar.ts';

/** The form that posts to an address with this part in it. Throws when there is none. */
export function formTo(page: JarResponse, part: string): { readonly action: string; readonly ticket: string } {
  for (const [, action = '', inner = ''] of page.body.matchAll(/<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)) {
    const ticket = /name="ticket" value="([^"]+)"/.exec(inner)?.[1];
    if (action.includes(part) && ticket !== undefined) return { action: new URL(action, page.url).href, ticket };
  }
  throw new Error(`no form to ${part} on ${page.status} ${page.url}:\n${page.body.slice(0, 2000)}`);
}

/** Sends that form as it is, with what the person typed or ticked. */
export function submit(
  jar: BrowserJar,
  page: JarResponse,
  part: string,
  more: Readonly<Record<string, string>> = {},
): Promise<JarResponse> {
  const { action, ticket } = formTo(page, part);
  return jar.postForm(action, { ticket, ...more });
}

/** The addresses of a page's links that hold this part, absolute and as written in the source order. */
export const linksTo = (page: JarResponse, part: string): readonly string[] =>
  [...page.body.matchAll(/href="([^"]+)"/g)]
    .map(([, href = '']) => href.replaceAll('&amp;', '&'))
    .filter((href) => href.includes(part))
    .map((href) => new URL(href, page.url).href);

/** The words of a page without its markup; one space between pieces. */
export const wordsOf = (page: JarResponse): string =>
  page.body
    .replace(/<title>[\s\S]*?<\/title>|<svg[\s\S]*?<\/svg>/g, ' ')
    .replace(/<\/?(?:b|bdi|strong|span|wbr|time)[^>]*>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
