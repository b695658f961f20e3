/** The request header in which `proxy.ts` tells a page its own path and query. Only ever used as a return target. */
export const TARGET_HEADER = 'x-dingpass-target';

/** The request's address as it came in, for the rules: also where `proxy.ts` does not run. A client cannot set it. */
export const ADDRESS_HEADER = 'x-dingpass-address';

/** Where the socket's own address travels to the handlers: Next gives them none, and believes a client's header. */
export const PEER_HEADER = 'x-dingpass-peer';
