export { proxy } from '../../proxy';

/** Next reads it without running it, so it cannot be passed on: the same as in the product's. */
export const config = { matcher: ['/((?!api/).*)'] };
