/**
 * Canonical resource identifiers (RFC 8707 section 2): the one spelling under which a resource is compared.
 *
 * Must never guess: what is not an absolute identifier without fragment and user name has no canonical form.
 */

/** Lower-case scheme and host, no default port, no lone trailing slash; otherwise exactly as written. */
export function canonicalResource(text: string): string | undefined {
  if (!URL.canParse(text) || text.includes('#')) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.host === '') return undefined;
  return url.pathname === '/' && url.search === '' ? url.origin : url.href;
}
