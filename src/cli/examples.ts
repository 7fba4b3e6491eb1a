/** One or two examples for each command, shown below its help. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: ['consent-broker serve --config /etc/broker/broker.yaml'],
  demo: ['consent-broker demo', 'consent-broker demo --auto'],
  init: ['consent-broker init --issuer https://auth.example.com --upstream github'],
  doctor: ['consent-broker doctor', 'consent-broker doctor --json'],
  'config check': ['consent-broker config check --config broker.yaml'],
  'config print': ['consent-broker config print --json'],
  secret: ['consent-broker secret'],
  'keys list': ['consent-broker keys list'],
  'keys rotate': ['consent-broker keys rotate'],
  explain: ['consent-broker explain E104'],
  'admin-key create': ['consent-broker admin-key create --name "on call" --role revoker --days 30'],
  'admin-key list': ['consent-broker admin-key list --json'],
  'admin-key revoke': ['consent-broker admin-key revoke adk_5c0e…'],
  'admin-link': ['consent-broker admin-link --role revoker --expires 5m'],
  migrate: ['consent-broker migrate'],
  sweep: ['consent-broker sweep'],
  'approvals list': [
    'consent-broker approvals list --user usr_7q2m… --state active',
    'consent-broker approvals list --site quill.example --url https://auth.example.com --key-file ~/.broker-key',
  ],
  'approvals show': ['consent-broker approvals show apr_9f1c…'],
  'approvals revoke': [
    'consent-broker approvals revoke apr_9f1c… --reason "lost laptop"',
    'consent-broker approvals revoke --site quill-login.example.net --dry-run',
    'consent-broker approvals revoke --before 2026-11-01 --reason "breach" --yes',
  ],
  'clients list': ['consent-broker clients list --state blocked'],
  'clients show': ['consent-broker clients show mcbc_51kx…'],
  'clients block': ['consent-broker clients block mcbc_51kx… --reason "look-alike of Quill"'],
  'clients unblock': ['consent-broker clients unblock mcbc_51kx… --reason "cleared by security"'],
  'clients delete': ['consent-broker clients delete mcbc_51kx… --reason "unused" --dry-run'],
  'quarantine list': ['consent-broker quarantine list'],
  'quarantine accept': [
    'consent-broker quarantine accept https://quill.example/client.json --seen 3xK… --reason "known"',
  ],
  'quarantine reject': ['consent-broker quarantine reject mcbc_51kx… --reason "look-alike of Quill"'],
  'rules list': ['consent-broker rules list --json'],
  'rules add': [
    'consent-broker rules add --site quill-login.example.net --reason "phishing" --dry-run',
    'consent-broker rules add --name "quill*helper" --reason "look-alike"',
  ],
  'rules remove': ['consent-broker rules remove rul_9f1c… --reason "cleared"'],
  'tools list': ['consent-broker tools list --resource tickets --state changed'],
  'tools show': ['consent-broker tools show tol_7q2m…'],
  'tools accept': ['consent-broker tools accept tol_7q2m… --hash 9f86d0… --reason "new release"'],
  'users list': ['consent-broker users list --upstream corp --subject 00u1abcd'],
  'users show': ['consent-broker users show usr_7q2m…'],
  'users sign-out': ['consent-broker users sign-out usr_7q2m…'],
  'users disable': ['consent-broker users disable usr_7q2m… --reason "left the company"'],
  'users enable': ['consent-broker users enable usr_7q2m… --reason "came back"'],
  audit: [
    'consent-broker audit --since 1h --user usr_7q2m…',
    'consent-broker audit --event approval.revoked --json --all',
  ],
  status: ['consent-broker status --json'],
  completion: [
    'consent-broker completion bash > /etc/bash_completion.d/consent-broker',
    'source <(consent-broker completion zsh)',
  ],
  version: ['consent-broker version --json'],
};

/** The block for a command's help; empty for one without examples. `words` is the command without the program's name. */
export function examplesOf(words: readonly string[]): string {
  const lines = EXAMPLES[words.join(' ')] ?? [];
  return lines.length === 0 ? '' : `\nEXAMPLES\n\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
