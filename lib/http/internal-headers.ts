/** The request header in which `proxy.ts` tells a page its own path and query. Only ever used as a return target. */
export const TARGET_HEADER = 'x-dingpass-target';
