/**
 * The pages of the practice sign-in: who are you, may this application go on, what went wrong.
 *
 * No script, nothing from elsewhere. Must say on every page that this is practice and no password is asked.
 */
import { hash } from 'node:crypto';

const STYLE = `
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #f4f4f2; color: #1c1c1a; }
main { max-width: 26rem; margin: 3rem auto; padding: 1.5rem; background: #fff; border: 1px solid #c9c9c2; border-radius: .5rem; }
h1 { font-size: 1.35rem; margin: 0 0 .5rem; }
button { font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .7rem; border: 1px solid #55554f;
  border-radius: .4rem; background: #fff; color: inherit; cursor: pointer; }
button.first { background: #22432f; border-color: #22432f; color: #fff; }
button:focus-visible { outline: 3px solid #1a6fb0; outline-offset: 2px; }
.note { color: #55554f; font-size: .9rem; }
`;

/**
 * `form-action` is left out on purpose: Chromium applies it to the whole redirect chain after a form, and this one
 * ends at the application that asked.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; frame-ancestors 'none'; base-uri 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export interface PracticePerson {
  readonly sub: string;
  readonly name: string;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} – practice sign-in</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
<p class="note">This is a practice sign-in for trying things out. It asks for no password and knows no real people.</p>
</main></body></html>
`;

export function signInPage(application: string, people: readonly PracticePerson[]): string {
  const buttons = people.map(
    ({ sub, name }) => `<button name="person" value="${escapeHtml(sub)}">${escapeHtml(name)}</button>`,
  );
  return page(
    'Who would you like to be?',
    `<p>${escapeHtml(application)} would like to know who you are.</p>
<form method="post">${buttons.join('')}<button name="decision" value="deny">Cancel</button></form>`,
  );
}

export function grantPage(application: string, person: string, scopes: readonly string[]): string {
  const items = scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('');
  return page(
    `Let ${application} in?`,
    `<p>Signed in as ${escapeHtml(person)}. It asks for:</p><ul>${items}</ul>
<p>Your answer is remembered; you will not be asked again.</p>
<form method="post"><button class="first" name="decision" value="allow">Allow</button><button name="decision" value="deny">Cancel</button></form>`,
  );
}

export const homePage = (signedOut: boolean): string =>
  page(
    'Practice accounts',
    `<p>${signedOut ? 'You are signed out.' : 'Sign out to become somebody else.'}</p>
<form method="post" action="/sign-out"><button>Sign out</button></form>`,
  );

export const problemPage = (problem: string): string => page('This did not work', `<p>${escapeHtml(problem)}</p>`);
