/** What the measured servers and the client agree on. */
export const ISSUER = 'https://auth.example.com';
export const RESOURCE = 'https://tickets.example.com/mcp';
export const CREDENTIAL = 'tickets-credential-Zr6Yw1Ht8Kq3Vd5Xc9Bm2Pf';
/** Tokens there are. */
export const TOKENS = 40_000;

/** A token of the length of ours. */
export const tokenAt = (index: number): string => `mcb_at_${String(index).padStart(50, 'x')}`;
