/** Causes of failed flows, in the order they are tried, and places where a flow can simply stop. Words only. */

/** The cause in a word, what its step says, what happened, what mends it. */
export type Rule = readonly [cause: string, fits: RegExp, what: string, fix: string];

/** Tried in order against `endpoint error: reason`. */
export const RULES: readonly Rule[] = [
  [
    'redirect_trailing_slash',
    /redirect_mismatch: .*\(trailing slash\)/,
    'The app asked for a redirect address that differs from the registered one by a slash at its end.',
    'Register the address exactly as the app sends it, or change the app.',
  ],
  [
    'redirect_port',
    /redirect_mismatch: .*\(port\)/,
    'The redirect address has another port than the registered one.',
    'Register this port; any port is accepted only for http on localhost, 127.0.0.1 or [::1] of a public client.',
  ],
  [
    'redirect_host',
    /redirect_mismatch: .*\(host\)/,
    'The redirect address is on another host than every registered one; localhost and 127.0.0.1 are different hosts.',
    'Register the host the app uses, spelt the same.',
  ],
  [
    'redirect_scheme',
    /redirect_mismatch: .*\(scheme\)/,
    'The redirect address has another scheme than every registered one.',
    'Register the address with the scheme that the app sends.',
  ],
  [
    'redirect_query',
    /redirect_mismatch: .*\(query\)/,
    'The redirect address has another query than the registered one.',
    'Register it with its query, or send what varies in state.',
  ],
  [
    'redirect_path',
    /redirect_mismatch: .*\((path|letter case)\)/,
    'The redirect address has another path than every registered one; case counts.',
    'Register the path exactly as the app sends it.',
  ],
  [
    'registration_changed',
    /redirect_mismatch: the registration changed/,
    'The registration changed while the person was on the way.',
    'Start again from the app.',
  ],
  [
    'client_unknown',
    /client_unknown|unknown client/,
    'The app uses a client id that is not registered here; it may be from before the database was replaced.',
    'Let the app register again: remove its stored credentials.',
  ],
  [
    'client_blocked',
    /client_blocked|blocked client/,
    'An administrator has blocked this app, its site or its name.',
    'See the block and its reason; take it back if it is wrong.',
  ],
  [
    'app_blocked',
    /app_blocked/,
    'The person has blocked this app for themself.',
    'They can unblock it on their account page.',
  ],
  [
    'client_waits',
    /client_waits|waits for an administrator/,
    'The app is in quarantine until an administrator accepts it.',
    'Accept or reject it in the queue.',
  ],
  [
    'resource_unknown',
    /invalid_target/,
    'The app asked for a resource that is not protected here; a slash or a path more makes another address.',
    'Let the MCP server advertise exactly the url that is configured, or add the other spelling to its aliases.',
  ],
  [
    'scope_unknown',
    /invalid_scope/,
    'The app asked for a scope that this resource does not have, or widened one on refresh.',
    'Add the scope to the resource, or let the app ask for those that are offered.',
  ],
  [
    'pkce_missing',
    /authorize .*code_challenge/,
    'The app sent no usable PKCE challenge.',
    'The app must send code_challenge with code_challenge_method=S256.',
  ],
  [
    'pkce_mismatch',
    /verifier_wrong/,
    'The code verifier is not the one that the challenge was made of; often two tabs or processes of the app share one store.',
    'Start again; the app must keep each verifier with its own state.',
  ],
  [
    'code_replayed',
    /code replayed/,
    'The code was used a second time, so everything the first use had made was ended.',
    'The app must use each code once; a proxy that repeats requests does this, too.',
  ],
  [
    'code_expired',
    /\/token invalid_grant: expired/,
    'The code came too late: it had run out.',
    'The app must redeem at once; check its clock and the way back to it, or raise tokens.code.',
  ],
  [
    'redirect_differs_at_token',
    /redirect_differs/,
    'The app sent another redirect address with the code than with the request.',
    'Send the same address both times.',
  ],
  [
    'refresh_reused',
    /an old refresh token came back/,
    'An old refresh token was used again, so the whole family was ended.',
    'The app must store the newest one; two installations must not share a store.',
  ],
  [
    'other_client',
    /other_client/,
    'Another client than the one it was given to sent the code or token.',
    'Check which client id the app uses.',
  ],
  [
    'client_secret_wrong',
    /invalid_client: (wrong secret|used )/,
    'The app did not authenticate as it is registered.',
    'Compare its secret and its authentication method with the registration.',
  ],
  [
    'cookie_lost',
    /cookie_missing/,
    'The browser kept no cookie of the broker between two of its pages.',
    'Open the link in a full browser and allow cookies for the broker; embedded views often drop them.',
  ],
  [
    'other_browser',
    /browser_mismatch/,
    'Another browser went on than the one that began, or the cookie was lost on the way.',
    'Finish in the browser where it began; check that the broker is reached under one host name.',
  ],
  [
    'other_account',
    /account_changed/,
    'The upstream signed in another account than the page had named.',
    'Start again and choose the account that is meant.',
  ],
  [
    'state_replayed',
    /request_decided: state used before/,
    'The callback was opened a second time, by a reload or the back button.',
    'Nothing to mend: the first time counted.',
  ],
  [
    'state_unknown',
    /callback.*request_expired: unknown state/,
    'The upstream came back with a state that is not (or no longer) known here.',
    'Start again; if it happens always, check that all instances use one database.',
  ],
  [
    'upstream_wrong_issuer',
    /"iss"|another issuer|unexpected JWT "iss"|issuer/,
    'The upstream calls itself by another issuer than the configured one.',
    'Write the issuer exactly as the upstream publishes it, slash and tenant included.',
  ],
  [
    'clock',
    /"(iat|exp|nbf|auth_time)"|timestamp/,
    'The upstream’s token is not valid at the time of this machine: a clock is wrong.',
    'Synchronise the clock of this machine and of the upstream.',
  ],
  [
    'upstream_credentials',
    /invalid_client: |upstream_denied: (invalid_client|unauthorized_client)/,
    'The upstream did not accept the broker’s own client id or secret.',
    'Compare them with what the upstream shows; secrets there run out.',
  ],
  [
    'upstream_error',
    /upstream_unavailable: unreachable: status|upstream_denied: (server_error|temporarily_unavailable)/,
    'The upstream was reached, and failed by itself or was too busy.',
    'Look at its own status; nothing here is to be mended, and the person can try again.',
  ],
  [
    'upstream_refused',
    /upstream_denied/,
    'The upstream, or the person there, said no.',
    'The reason names the upstream’s error; the person can try again.',
  ],
  [
    'upstream_down',
    /upstream_unavailable: unreachable/,
    'The upstream could not be reached.',
    'Check its status, its name and the way out (egress proxy, firewall).',
  ],
  [
    'upstream_nonsense',
    /upstream_unavailable/,
    'The upstream answered something that cannot be used.',
    'The reason says what; compare the endpoints in the configuration with its documentation.',
  ],
  [
    'request_expired',
    /request_expired/,
    'The request ran out before it was decided, or what it needed is gone.',
    'Start again from the app; raise consent.request_lifetime if people need longer.',
  ],
  [
    'form_stale',
    /form_stale/,
    'The form did not come from the page as it was shown: another tab, another site, or a changed cookie.',
    'Load the page again and decide there.',
  ],
  [
    'too_many',
    /rate_limited|prompt_limit|slow_down|too_many/,
    'Too many requests came from one place in a short time.',
    'Wait, or raise the limit; behind a proxy, check trusted_proxies.',
  ],
  [
    'person_not_allowed',
    /user_not_allowed/,
    'The person is disabled here, or took the access back meanwhile.',
    'Enable the person, or start again.',
  ],
  [
    'database_away',
    /StoreUnavailable|temporarily_unavailable/,
    'The database did not answer.',
    'Check the database; nothing was half done.',
  ],
  [
    'request_invalid',
    /invalid_request|request_invalid|unsupported_/,
    'The request was not written as OAuth wants it.',
    'The reason says which parameter; it is the app’s to mend.',
  ],
];

/** Places where a flow can simply stop, by the last step that went well. */
export const STOPS: readonly Rule[] = [
  [
    'not_redeemed',
    /callback.*completed/,
    'The person finished, but the app never asked for its tokens: the way back to it was blocked, or it was not running any more.',
    'Check that the redirect address answers on the person’s computer: local firewall, closed app, blocked scheme.',
  ],
  ['denied', /denied/, 'The person did not allow it.', 'Nothing to mend.'],
  [
    'never_came_back',
    /\/go 200/,
    'The person was sent to the upstream and never came back from there.',
    'Check that the broker’s callback address is registered at the upstream letter for letter, and that nothing blocks the redirect.',
  ],
  [
    'not_decided',
    /(authorize|consent\/:id) 200/,
    'The page was shown, and nobody has decided.',
    'Ask the person; the page may be open in another tab.',
  ],
];
