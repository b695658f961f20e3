/** The request header in which `proxy.ts` tells a page its own path and query. Only ever used as a return target. */
export const TARGET_HEADER = 'x-dingpass-target';

/** Where the socket's own address travels to the handlers: Next gives them none, and believes a client's header. */
export const PEER_HEADER = 'x-dingpass-peer';
