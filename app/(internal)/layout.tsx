import type { ReactNode } from 'react';
import { FreshOnReturn } from '../_ui/fresh-on-return';

/** Around every internal page. It asks nobody who they are: layouts do not run again on navigation, pages do. */
export default function InternalLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <FreshOnReturn />
      {children}
    </>
  );
}
