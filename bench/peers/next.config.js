import { fileURLToPath } from 'node:url';
import product from '../../next.config.js';

/**
 * As the product is built, with the repository as its root: `next`, `react` and `lib/` are the product's own. Its
 * bundler's rules are for its sign-in page, which is not here, and style sheets are served as Next does it.
 */
export default {
  ...product,
  typedRoutes: false,
  experimental: { ...product.experimental, inlineCss: false },
  turbopack: { root: fileURLToPath(new URL('../..', import.meta.url)) },
};
