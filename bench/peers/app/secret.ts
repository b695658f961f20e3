/** Nothing on this site is worth a secret. */
export const PEERS_SECRET = 'the-peers-of-the-bench-have-no-secret-worth-keeping';
