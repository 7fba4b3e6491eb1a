/**
 * What a named upstream preset fills in: endpoints, scopes and the fields that identify a person.
 *
 * Data only. Every endpoint can be set otherwise in the configuration (GitHub Enterprise, a test double).
 */
export interface OAuth2Preset {
  readonly name: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userinfoEndpoint: string;
  readonly scopes: readonly string[];
  /** Immutable account id; logins can be renamed and taken over by somebody else. */
  readonly subjectField: string;
  readonly nameField: string;
}

export const githubPreset: OAuth2Preset = {
  name: 'GitHub',
  authorizationEndpoint: 'https://github.com/login/oauth/authorize',
  tokenEndpoint: 'https://github.com/login/oauth/access_token',
  userinfoEndpoint: 'https://api.github.com/user',
  scopes: ['read:user'],
  subjectField: 'id',
  nameField: 'login',
};
